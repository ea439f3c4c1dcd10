//! The command `resolvent`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
