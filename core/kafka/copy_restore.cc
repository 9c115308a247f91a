#include "kafka/copy_restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/fault_point.h"
#include "base/log.h"
#include "kafka/changelog_copier.h"
#include "kafka/changelog_record.h"
#include "state/block_key.h"

namespace millrace::kafka {
namespace {

using std::chrono::steady_clock;

/// A local copy that is behind by no more than this is quicker with the changelog, in any case.
constexpr int64_t kNearBehind = 1000;

struct LastCommit {
  uint64_t epoch = 0;
  CommitRecord record;
  bool damaged = false;
};

/// The commit record is the last record of each commit, so it lies near the end: only what markers
/// and aborted transactions left is behind it.
Result<std::optional<LastCommit>> last_commit(ChangelogReader& reader) {
  const ChangelogReader::Range range = reader.range();
  constexpr int64_t kFirstLook = 16, kFurther = 16;
  for (int64_t back = kFirstLook;; back *= kFurther) {
    const int64_t from = std::max(range.begin, range.end - back);
    std::optional<LastCommit> last;
    RecordAssembly assembly;
    auto read = reader.read(from, [&](const ChangelogReader::Record& record) -> Result<bool> {
      const auto whole = assembly.take(record.key, record.value);
      if (!whole || whole->block != kCommitKey || !whole->bytes) return true;
      auto commit = read_commit_record(*whole->bytes);
      last = LastCommit{whole->commit, commit ? std::move(*commit) : CommitRecord{}, !commit};
      return true;
    });
    if (!read) return read.error();
    if (assembly.newer()) return std::optional<LastCommit>();  // Whoever reads all will tell.
    if (last || from == range.begin || !read->whole) return last;
  }
}

uint64_t blocks_in(const SumsByOperator& sums) {
  uint64_t blocks = 0;
  for (const auto& [op, sum] : sums) blocks += sum.blocks;
  return blocks;
}

/// Blocks on their way from the copy into the local one, whose mark says that they are not proven.
class Filling {
 public:
  Filling(const std::string& name, ChangelogReader& reader, LocalLog& local, uint64_t wanted)
      : name_(name), reader_(reader), local_(local), wanted_(wanted) {}

  /// Nothing: the copy is not to be had. Errors are the local copy's.
  Result<std::optional<CopyHead>> run(const BlocksElsewhere& elsewhere,
                                      const std::string& state_id);
  uint64_t bytes() const { return bytes_; }
  void tell_done();

 private:
  Result<void> take(const BlockId& id, std::string_view bytes);
  Result<void> flush();
  std::string so_far() const;

  const std::string& name_;
  ChangelogReader& reader_;
  LocalLog& local_;
  const uint64_t wanted_;
  LocalLog::Copied batch_;
  uint64_t batch_bytes_ = 0, blocks_ = 0, bytes_ = 0;
  Result<void> written_;
  steady_clock::time_point began_ = steady_clock::now(), told_ = began_, ended_ = began_;
};

std::string Filling::so_far() const {
  const double seconds = std::chrono::duration<double>(ended_ - began_).count();
  return fmt::format("{} of {} blocks, {:.1f} MB, {:.1f} MB/s", blocks_, wanted_,
                     static_cast<double>(bytes_) / 1e6,
                     static_cast<double>(bytes_) / 1e6 / std::max(seconds, 1e-3));
}

Result<void> Filling::flush() {
  batch_.mark = {static_cast<uint64_t>(reader_.range().begin), kUnproven};
  MILLRACE_TRY(local_.copy(batch_));
  fault_point("restore.copied");
  batch_.changes.clear();
  batch_bytes_ = 0;
  return {};
}

Result<void> Filling::take(const BlockId& id, std::string_view bytes) {
  ++blocks_;
  bytes_ += bytes.size();
  batch_bytes_ += bytes.size();
  batch_.changes[block_key(id)] = std::string(bytes);
  if (batch_bytes_ >= kCopiedBytes) written_ = flush();
  if (steady_clock::now() - told_ >= std::chrono::seconds(2)) {
    told_ = ended_ = steady_clock::now();
    log_info(name_ + " reading the cache: " + so_far());
  }
  return written_;
}

Result<std::optional<CopyHead>> Filling::run(const BlocksElsewhere& elsewhere,
                                             const std::string& state_id) {
  MILLRACE_TRY(local_.reset_to(state_id));
  auto head = elsewhere(
      state_id, [this](const BlockId& id, std::string_view bytes) { return take(id, bytes); });
  if (!written_) return written_.error();
  if (!head) {
    log_info(name_ + ": cache: " + head.error().message + "; reading the changelog");
    return std::optional<CopyHead>();
  }
  MILLRACE_TRY(flush());
  ended_ = steady_clock::now();
  return std::optional(*head);
}

void Filling::tell_done() { log_info(name_ + " taken from the cache: " + so_far()); }

/// What came behind the copy, up to the last commit. False: that cannot lead there.
Result<bool> read_rest(ChangelogCopier& rest, const CopyHead& head, const LastCommit& last,
                       ChangelogReader::Range range) {
  if (head.commit == last.epoch) return true;
  if (head.commit > last.epoch || !head.next) return false;
  const auto from = static_cast<int64_t>(std::min<uint64_t>(*head.next, INT64_MAX));
  if (from < range.begin || from > range.end) return false;
  return rest.run(from);
}

/// Whether the local copy has all the blocks of the last commit, and nothing else.
std::optional<Manifest> proof(LocalLog& local, const LastCommit& last) {
  auto manifest = manifest_of(local);
  if (!manifest) return std::nullopt;
  // Builds for tests may believe the cache, to show that tests would notice.
  if (manifest->sums() != *last.record.sums && !broken_on_purpose("trust_cache"))
    return std::nullopt;
  return std::move(*manifest);
}

/// Reading the changelog on costs about as much as the records that are left.
bool is_near(LocalLog& local, std::optional<int64_t> local_next, const LastCommit& last,
             int64_t end) {
  if (!local_next || local.state_id() != last.record.state_id) return false;
  const int64_t blocks = static_cast<int64_t>(blocks_in(*last.record.sums));
  return end - *local_next <= std::max(kNearBehind, blocks);
}

}  // namespace

Result<bool> restore_from_copy(const std::string& name, ChangelogReader& reader, LocalLog& local,
                               std::optional<int64_t> local_next, const BlocksElsewhere& elsewhere,
                               Restoration& done) {
  const ChangelogReader::Range range = reader.range();
  if (local_next && range.end - *local_next <= kNearBehind) return false;
  auto last = last_commit(reader);
  if (!last) return last.error();
  if (!*last || (*last)->damaged || !(*last)->record.sums) return false;
  if (is_near(local, local_next, **last, range.end)) return false;

  const CommitRecord& record = (*last)->record;
  Filling filling(name, reader, local, blocks_in(*record.sums));
  auto head = filling.run(elsewhere, record.state_id);
  if (!head) return head.error();
  if (!*head) {
    MILLRACE_TRY(local.reset_to(""));
    return false;
  }
  ChangelogCopier rest(name, reader, local, true);
  auto led = read_rest(rest, **head, **last, range);
  if (!led) return led.error();
  done.changelog_bytes += rest.bytes();
  std::optional<Manifest> manifest = *led ? proof(local, **last) : std::nullopt;
  if (!manifest) {
    log_info(name + ": the cache does not hold what was committed; reading the changelog");
    MILLRACE_TRY(local.reset_to(""));
    return false;
  }
  filling.tell_done();
  done.copy_is_last = (*head)->commit == (*last)->epoch;
  done.copy_bytes = filling.bytes();
  done.manifest = std::move(manifest);
  LocalLog::Copied proven;
  proven.last = Restored{(*last)->epoch, record.meta};
  proven.state_id = record.state_id;
  proven.mark = {static_cast<uint64_t>(done.copy_is_last ? range.end : rest.next()),
                 record.written_us};
  MILLRACE_TRY(local.copy(proven));
  return true;
}

}  // namespace millrace::kafka
