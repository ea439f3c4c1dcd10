// Memory bandwidth of the machine: reading (inner product of two vectors), copying, and a + s b.
// usage: bandwidth THREADS     prints one JSON line, bytes a second without write-allocate
#include "worker.hpp"
#include <omp.h>

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  omp_set_num_threads(threads);
  const long n = 1L << 25; // 256 MB a vector: far beyond any cache
  std::vector<double *> v;
  for (int k = 0; k < 3; ++k) {
    v.push_back(static_cast<double *>(aligned_alloc(64, 8 * n)));
    double *p = v.back();
#pragma omp parallel for
    for (long i = 0; i < n; ++i) p[i] = k + 1.0; // touched by the thread that will use it
  }
  double *a = v[0], *b = v[1], *c = v[2];
  double sink = 0;
  auto best = [&](double bytes, auto f) {
    double t = 1e300;
    for (int r = 0; r < 9; ++r) {
      Seconds start = now();
      f();
      t = std::min(t, since(start).wall);
    }
    return bytes / t;
  };
  double read = best(16.0 * n, [&] {
    double total = 0;
#pragma omp parallel reduction(+ : total)
    {
      const long part = n / omp_get_num_threads(), first = part * omp_get_thread_num();
      double s[32] = {}; // as many independent sums as it takes to wait for memory alone
      for (long i = first; i + 32 <= first + part; i += 32)
        for (int k = 0; k < 32; ++k) s[k] += b[i + k] * c[i + k];
      for (double v : s) total += v;
    }
    sink += total;
  });
  double copy = best(16.0 * n, [&] {
#pragma omp parallel for simd
    for (long i = 0; i < n; ++i) a[i] = b[i];
  });
  double triad = best(24.0 * n, [&] {
#pragma omp parallel for simd
    for (long i = 0; i < n; ++i) a[i] = b[i] + 3.0 * c[i];
  });
  printf("{\"read\": %.6e, \"copy\": %.6e, \"triad\": %.6e, \"check\": %.1f}\n", read, copy, triad, sink);
}
