#pragma once

/// Comparisons that can be flipped one at a time while the program runs. `mutate.py` writes, in its
/// copy of the sources, `a < b` as `a < site(17, kLess) > b`: both operators bind as the one in the
/// middle did, so whatever stands around them is parsed as before. The environment's
/// MILLRACE_MUTANT=17 turns that one into <=; MILLRACE_MUTANT_TRACE=FILE lists the sites that were
/// reached.

// The rewritten files are compiled with our own warnings on.
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wextra"

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace millrace::mutation {

enum Op { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };

struct Site {
  int number;
  Op op;
};

/// Never destroyed: other globals compare things while the program ends.
class Reached {
 public:
  static Reached& all() {
    static Reached* instance = new Reached;
    return *instance;
  }
  void note(int number) {
    if (!file_) return;
    if (number >= static_cast<int>(seen_.size())) seen_.resize(static_cast<size_t>(number) + 64);
    seen_[static_cast<size_t>(number)] = 1;
  }

 private:
  Reached() {
    const char* name = std::getenv("MILLRACE_MUTANT_TRACE");
    if (!name) return;
    file_ = std::fopen(name, "a");
    seen_.resize(1024);
    std::atexit([] { all().write(); });
  }
  void write() {
    for (size_t i = 0; i < seen_.size(); ++i) {
      if (seen_[i]) std::fprintf(file_, "%zu\n", i);
    }
    std::fclose(file_);
    file_ = nullptr;
  }
  std::FILE* file_ = nullptr;
  std::vector<char> seen_;
};

inline int active() {
  static const int number =
      std::getenv("MILLRACE_MUTANT") ? std::atoi(std::getenv("MILLRACE_MUTANT")) : 0;
  return number;
}

inline Site site(int number, Op op) {
  Reached::all().note(number);
  return {number, op};
}

template <class A, class B>
bool judge(const A& a, const B& b, Site site) {
  constexpr Op kFlipped[] = {kLessEqual, kLess, kGreaterEqual, kGreater, kNotEqual, kEqual};
  switch (site.number == active() ? kFlipped[site.op] : site.op) {
    case kLess:
      if constexpr (requires { a < b; }) return a < b;
      break;
    case kLessEqual:
      if constexpr (requires { a <= b; }) return a <= b;
      break;
    case kGreater:
      if constexpr (requires { a > b; }) return a > b;
      break;
    case kGreaterEqual:
      if constexpr (requires { a >= b; }) return a >= b;
      break;
    case kEqual:
      if constexpr (requires { a == b; }) return a == b;
      break;
    case kNotEqual:
      if constexpr (requires { a != b; }) return a != b;
      break;
  }
  std::abort();  // The types have no such operator.
}

template <class A>
struct Left {
  const A& value;
  Site site;
};

template <class A>
Left<A> operator<(const A& a, Site site) {
  return {a, site};
}
template <class A>
Left<A> operator==(const A& a, Site site) {
  return {a, site};
}
template <class A, class B>
bool operator>(const Left<A>& left, const B& b) {
  return judge(left.value, b, left.site);
}
template <class A, class B>
bool operator!=(const Left<A>& left, const B& b) {
  return judge(left.value, b, left.site);
}

}  // namespace millrace::mutation
