#include "state/log_records.h"

#include <fmt/core.h>
#include <sys/random.h>

#include <cerrno>

#include "base/bytes.h"
#include "base/hash.h"
#include "state/state_directory.h"

namespace millrace {
namespace {

constexpr std::string_view kFormatMagic = "MRSL";
constexpr uint16_t kFormatVersion = 1;
constexpr std::size_t kStateIdBytes = 16;

}  // namespace

Result<std::string> random_state_id() {
  std::string id(kStateIdBytes, '\0');
  if (::getrandom(id.data(), id.size(), 0) == static_cast<ssize_t>(id.size())) return id;
  return file_error(errno, "cannot read", "random numbers");
}

std::string format_record(std::string_view state_id) {
  std::string record(kFormatMagic);
  append_u16(record, kFormatVersion);
  record.append(state_id);
  return record;
}

Result<std::string> parse_format(std::string_view record, const std::string& path) {
  ByteReader reader(record);
  const bool ours = reader.bytes(kFormatMagic.size()) == kFormatMagic;
  const uint16_t version = reader.u16();
  if (!ours || !reader.ok() || version == 0) {
    return Error{Code::kCorrupt, fmt::format("the state in {} has no readable format record: "
                                             "restore a copy, or start anew with --fresh",
                                             path)};
  }
  if (version > kFormatVersion) {
    return Error{Code::kFailed,
                 fmt::format("the state in {} has format {}, this release reads up to {}: run the "
                             "newer release that wrote it, or choose another directory with "
                             "--state DIR",
                             path, version, kFormatVersion)};
  }
  const std::string_view id = reader.bytes(kStateIdBytes);
  if (!reader.at_end()) {
    return Error{Code::kCorrupt, fmt::format("the state in {} has a damaged format record: "
                                             "restore a copy, or start anew with --fresh",
                                             path)};
  }
  return std::string(id);
}

std::string meta_record(uint64_t epoch, std::string_view meta) {
  std::string record;
  record.reserve(16 + meta.size());
  append_u64(record, epoch);
  append_u64(record, hash_bytes(meta, epoch));
  record.append(meta);
  return record;
}

Result<Restored> parse_meta(std::string_view record, const std::string& path) {
  ByteReader reader(record);
  Restored restored;
  restored.epoch = reader.u64();
  const uint64_t checksum = reader.u64();
  const std::string_view meta = reader.left();
  if (!reader.ok() || hash_bytes(meta, restored.epoch) != checksum) {
    return Error{Code::kCorrupt, fmt::format("the last commit in {} is damaged: restore a copy, "
                                             "or start anew with --fresh",
                                             path)};
  }
  restored.meta = std::string(meta);
  return restored;
}

}  // namespace millrace
