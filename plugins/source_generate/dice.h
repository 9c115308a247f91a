#pragma once

/// Random numbers that are a pure function of (seed, place, record, draw): any record can be made
/// without those before it, on any machine, in any version. Threads: any.

#include <cmath>
#include <cstdint>

namespace millrace::generate {

class Dice {
 public:
  Dice(uint64_t seed, uint64_t place, uint64_t record)
      : state_(mixed(mixed(seed + place) ^ (record * 0x9e3779b97f4a7c15u))) {}

  uint64_t bits() { return mixed(state_ += 0x9e3779b97f4a7c15u); }
  /// In [0, 1), a multiple of 2^-53.
  double fraction() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// In [0, bound), bound > 0; the bias below 2^-64 × bound does not matter here.
  uint64_t below(uint64_t bound) {
    __extension__ typedef unsigned __int128 Wide;
    return static_cast<uint64_t>((static_cast<Wide>(bits()) * bound) >> 64);
  }
  /// Mean 0, deviation 1, by the sum of twelve: no libm, so every machine draws the same.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += fraction();
    return sum;
  }
  double exponential() { return -std::log1p(-fraction()); }

 private:
  static uint64_t mixed(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  uint64_t state_;
};

}  // namespace millrace::generate
