#pragma once

/// Which partitions of a source are at their ends, and whether that is still proven (semantics
/// R16). An end that librdkafka told once says nothing of what came after: while the leader of the
/// partition is not reached, producers keep what they have, and silence proves nothing. So as long
/// as nothing comes, the leaders are asked again and again whether the ends still are the ends; the
/// host hears when one cannot say, and hears the end anew once it can. Pure: time is given, and who
/// asks. Threads: one.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace millrace::kafka {

class Ends {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Now = std::function<Time()>;
  struct Place {
    uint32_t number = 0;  ///< Of the partition (offsets.h).
    int64_t offset = 0;   ///< Behind all that was read.
  };
  /// Where the partitions of these places end now, in their order. Nothing: not all leaders
  /// answered in time.
  using Ask = std::function<std::optional<std::vector<int64_t>>(const std::vector<Place>&)>;
  /// True: the end is proven from now on. False: it is no longer.
  using Tell = std::function<void(uint32_t number, bool proven)>;

  explicit Ends(Now now) : now_(std::move(now)) {}

  /// Its end was reached, proven just now. The caller tells that itself.
  void reached(uint32_t number, int64_t offset) { ends_[number] = {offset, true}; }
  /// A record of it came, which takes back what was proven.
  void passed(uint32_t number) { ends_.erase(number); }
  void clear() { ends_.clear(); }
  /// Asks if it is time to, and tells what changed.
  void look(const Ask& ask, const Tell& tell);

 private:
  struct End {
    int64_t offset = 0;
    bool proven = false;
  };
  Now now_;
  std::map<uint32_t, End> ends_;
  Time look_at_{};
};

}  // namespace millrace::kafka
