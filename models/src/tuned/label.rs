//! What a whole configuration is called: `gmres:restart=150+ilut`.

use resolvent_solvers::precond::IctConfig;
use resolvent_solvers::{GmresConfig, Method, Precond, Real, Way};

/// Method and preconditioner, with ω and the options that tell it from others of the same names.
pub(super) fn of<R: Real>(way: &Way<R>) -> String {
    let omega = way.omega().map_or(String::new(), |w| format!(":omega={w}"));
    let method = match way.method {
        Method::Gmres(config) if config.restart != GmresConfig::<R>::default().restart => {
            format!("gmres:restart={}", config.restart)
        }
        method => method.name().into(),
    };
    match way.precond {
        Precond::None => format!("{method}{omega}"),
        Precond::Ict(config) if config.drop_tol != IctConfig::default().drop_tol => {
            format!("{method}+ict:drop={}", config.drop_tol)
        }
        precond => format!("{method}+{}{omega}", precond.name()),
    }
}
