#pragma once

/// What is known of answers: id → hash of its state, per event, so that a change is seen by
/// comparison (MU6). Bounded: the events seen longest ago go first. Threads: one.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::meetup {

class Tracked {
 public:
  explicit Tracked(uint64_t max) : max_(max) {}

  /// True: the answer is new, or another than it was. Takes effect with keep().
  bool differs(const std::string& event, const std::string& id, uint64_t state) const;
  /// Ids of `event` that are not among `seen`.
  std::vector<std::string> absent(const std::string& event,
                                  const std::map<std::string, uint64_t>& seen) const;
  /// The complete listing of an event. With `forgets_absent` ids that are not in it are forgotten.
  void keep(const std::string& event, const std::map<std::string, uint64_t>& seen,
            bool forgets_absent);

  uint64_t size() const { return size_; }
  std::string snapshot() const;
  void restore(std::string_view json);

 private:
  struct Event {
    uint64_t pass = 0;
    std::map<std::string, uint64_t> answers;
  };
  void shrink();

  uint64_t max_, size_ = 0, passes_ = 0;
  std::map<std::string, Event> events_;
};

}  // namespace millrace::meetup
