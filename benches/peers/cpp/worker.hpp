// What the C++ workers share: clocks, memory, the binary system file (README.md).
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <time.h>
#include <vector>

struct Seconds {
  double cpu = 0, wall = 0;
};

inline double clock_seconds(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

inline Seconds now() { return {clock_seconds(CLOCK_PROCESS_CPUTIME_ID), clock_seconds(CLOCK_MONOTONIC)}; }

inline Seconds since(Seconds start) {
  Seconds t = now();
  return {t.cpu - start.cpu, t.wall - start.wall};
}

inline double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + v.size() / 2, v.end());
  return v[v.size() / 2];
}

// Median time of a call, after one that is not counted.
template <class F> Seconds repeat(double seconds, F f) {
  f();
  std::vector<double> cpu, wall;
  double total = 0;
  while (total < seconds || wall.size() < 5) {
    Seconds start = now();
    f();
    Seconds spent = since(start);
    cpu.push_back(spent.cpu);
    wall.push_back(spent.wall);
    total += spent.wall;
  }
  return {median(cpu), median(wall)};
}

inline double memory_mb(const char *key) {
  std::ifstream f("/proc/self/status");
  for (std::string line; std::getline(f, line);)
    if (line.compare(0, strlen(key), key) == 0) return atof(line.c_str() + strlen(key) + 1) / 1024;
  return 0;
}

inline double reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
  return memory_mb("VmRSS");
}

struct SystemFile {
  std::vector<int> ptr, col;
  std::vector<double> val, b;
  int n() const { return int(b.size()); }

  explicit SystemFile(const char *path) {
    std::ifstream f(path, std::ios::binary);
    char magic[8] = {};
    uint64_t size[2] = {};
    f.read(magic, 8);
    f.read(reinterpret_cast<char *>(size), 16);
    if (!f || memcmp(magic, "RSLVSYS1", 8) != 0) {
      fprintf(stderr, "%s is not a system file\n", path);
      exit(2);
    }
    auto fill = [&](auto &v, uint64_t count) {
      v.resize(count);
      f.read(reinterpret_cast<char *>(v.data()), std::streamsize(count * sizeof v[0]));
    };
    fill(ptr, size[0] + 1);
    fill(col, size[1]);
    fill(val, size[1]);
    fill(b, size[0]);
    if (!f) {
      fprintf(stderr, "%s is truncated\n", path);
      exit(2);
    }
  }
};
