// One measurement with Eigen.
// usage: eigen_worker STAGE METHOD SYSTEM.sys THREADS RTOL MAX_ITERS X_OUT     (contract: README.md)
#include "worker.hpp"
#include <Eigen/IterativeLinearSolvers>
#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>
#include <Eigen/SparseLU>
#include <type_traits>

using Rows = Eigen::SparseMatrix<double, Eigen::RowMajor, int>;
using Columns = Eigen::SparseMatrix<double, Eigen::ColMajor, int>;
using Column = Eigen::VectorXd;

struct Job {
  double rtol;
  int max_iters;
  const char *out;
};

template <class S> constexpr bool iterative = std::is_base_of_v<Eigen::IterativeSolverBase<S>, S>;

template <class S, class Matrix> int solve(const Matrix &a, const Column &b, const Job &job) {
  double before = reset_peak();
  S solver;
  if constexpr (iterative<S>) {
    solver.setTolerance(job.rtol);
    solver.setMaxIterations(job.max_iters);
  }
  Seconds start = now();
  solver.compute(a);
  Seconds setup = since(start);
  start = now();
  Column x = solver.solve(b);
  Seconds spent = since(start);
  double growth = memory_mb("VmHWM") - before;
  long iterations = 0;
  if constexpr (iterative<S>) iterations = long(solver.iterations());
  std::ofstream(job.out, std::ios::binary).write(reinterpret_cast<const char *>(x.data()), std::streamsize(8 * x.size()));
  printf("{\"setup\": {\"cpu\": %.9f, \"wall\": %.9f}, \"solve\": {\"cpu\": %.9f, \"wall\": %.9f}, \"iterations\": %ld, \"growth_mb\": %.2f}\n",
         setup.cpu, setup.wall, spent.cpu, spent.wall, iterations, growth);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "seven arguments are needed, see README.md\n");
    return 2;
  }
  using namespace Eigen;
  std::string stage = argv[1], method = argv[2];
  SystemFile file(argv[3]);
  setNbThreads(atoi(argv[4]));
  Job job{atof(argv[5]), atoi(argv[6]), argv[7]};
  Rows a = Map<const Rows>(file.n(), file.n(), long(file.val.size()), file.ptr.data(), file.col.data(), file.val.data());
  Column b = Map<const Column>(file.b.data(), file.n());

  if (stage == "spmv") {
    Column y(file.n());
    Seconds t = repeat(0.5, [&] { y.noalias() = a * b; });
    printf("{\"product\": {\"cpu\": %.9f, \"wall\": %.9f}}\n", t.cpu, t.wall);
    return 0;
  }
  constexpr int both = Lower | Upper;
  if (method == "cg+jacobi") return solve<ConjugateGradient<Rows, both, DiagonalPreconditioner<double>>>(a, b, job);
  if (method == "cg+ic") return solve<ConjugateGradient<Rows, both, IncompleteCholesky<double>>>(a, b, job);
  if (method == "bicgstab+jacobi") return solve<BiCGSTAB<Rows, DiagonalPreconditioner<double>>>(a, b, job);
  if (method == "bicgstab+ilut") return solve<BiCGSTAB<Rows, IncompleteLUT<double>>>(a, b, job);
  Columns c = a;
  if (method == "llt") return solve<SimplicialLLT<Columns>>(c, b, job);
  if (method == "ldlt") return solve<SimplicialLDLT<Columns>>(c, b, job);
  if (method == "lu") return solve<SparseLU<Columns>>(c, b, job);
  fprintf(stderr, "no method %s\n", method.c_str());
  return 2;
}
