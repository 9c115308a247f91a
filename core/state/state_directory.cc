#include "state/state_directory.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace millrace {
namespace {

constexpr std::string_view kElsewhere = "choose another directory with --state DIR or commit.dir";
constexpr uint64_t kNearlyFullBytes = 1 << 20;

bool is_directory(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> make_directory(const std::string& path) {
  // Asked first: an existing directory is fine even where mkdir itself would be refused.
  if (is_directory(path)) return {};
  if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(parent_of(path));
  const int reason = errno;
  if (reason == EEXIST && is_directory(path)) return {};  // Somebody was quicker.
  return file_error(reason == EEXIST ? ENOTDIR : reason, "cannot make directory", path);
}

Result<void> check_name(const std::string& pipeline) {
  const bool usable = !pipeline.empty() && pipeline != "." && pipeline != ".." &&
                      pipeline.find('/') == std::string::npos &&
                      pipeline.find('\0') == std::string::npos;
  if (usable) return {};
  return Error{Code::kInvalidConfig,
               fmt::format("pipeline name \"{}\" cannot name a directory: use letters, digits, "
                           "'_' and '-'",
                           pipeline)};
}

Result<void> check_file_system(const std::string& path) {
  struct statfs found;
  if (::statfs(path.c_str(), &found) != 0) {
    return file_error(errno, "cannot look at the file system of", path);
  }
  switch (judge_file_system(static_cast<uint32_t>(found.f_type))) {
    case FileSystemVerdict::kLocal: return {};
    case FileSystemVerdict::kDoubtful:
      log_warn(
          fmt::format("{} is on a file system that another program or machine serves (FUSE, "
                      "9p): commits are as safe as its fsync. A local disk is safer: {}",
                      path, kElsewhere));
      return {};
    case FileSystemVerdict::kNetwork: break;
  }
  return Error{Code::kFailed,
               fmt::format("{} is on a network file system, where commits may be lost: {} on a "
                           "local disk",
                           path, kElsewhere)};
}

/// The pid that the owner wrote, or an empty text while it has not yet.
std::string owner_pid(int lock) {
  char text[24];
  const ssize_t length = ::pread(lock, text, sizeof text, 0);
  std::string pid;
  for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) pid += text[i];
  return pid;
}

Error in_use(const std::string& path, int lock) {
  std::string pid;
  // The owner writes its pid right after it got the lock: give it a moment.
  for (int tries = 0; tries < 50 && (pid = owner_pid(lock)).empty(); ++tries) ::usleep(2000);
  return {Code::kFailed,
          fmt::format("the state in {} is in use by {}: stop it, give this pipeline another name, "
                      "or {}",
                      path, pid.empty() ? "another process" : "process " + pid, kElsewhere)};
}

Result<void> write_pid(int lock, const std::string& file) {
  // Fixed width and in place: on a full disk, an old file still takes it.
  const std::string text = fmt::format("{:<20}\n", ::getpid());
  const ssize_t written = ::pwrite(lock, text.data(), text.size(), 0);
  if (written == static_cast<ssize_t>(text.size())) return {};
  return file_error(written < 0 ? errno : ENOSPC, "cannot write", file);
}

std::string remedy(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT: return fmt::format("; free some space, or {}", kElsewhere);
    case EFBIG: return "; raise the limit on file sizes (ulimit -f)";
    case EROFS: return fmt::format("; {}", kElsewhere);
    case EACCES:
    case EPERM: return fmt::format("; give this user the right to write there, or {}", kElsewhere);
    case ENOTDIR:
      return fmt::format("; a file stands where a directory is needed: move it, or {}", kElsewhere);
    case EMFILE:
    case ENFILE: return "; raise the limit on open files (ulimit -n)";
    default: return "";
  }
}

}  // namespace

Result<void> make_directories(const std::string& path) {
  for (std::size_t end = path.starts_with('/') ? 1 : 0;
       end != std::string::npos && end < path.size();) {
    end = path.find('/', end);
    MILLRACE_TRY(make_directory(path.substr(0, end)));
    if (end != std::string::npos) ++end;
  }
  return {};
}

Error file_error(int error_number, std::string_view action, std::string_view path) {
  const char* reason = ::strerrordesc_np(error_number);
  return {Code::kFailed, fmt::format("{} {}: {}{}", action, path,
                                     reason ? reason : fmt::format("error {}", error_number),
                                     remedy(error_number))};
}

Error write_error(int error_number, std::string_view action, const std::string& file) {
  if (error_number == EIO) {
    struct statvfs found;
    struct rlimit limit;
    if (::statvfs(file.c_str(), &found) == 0 &&
        uint64_t{found.f_bavail} * found.f_frsize < kNearlyFullBytes) {
      error_number = ENOSPC;
    } else if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
      error_number = EFBIG;
    }
  }
  return file_error(error_number, action, file);
}

Result<void> sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    // A parent that may be passed but not read cannot be synced by us; nor is it ours.
    if (errno == EACCES) return {};
    return file_error(errno, "cannot open directory", path);
  }
  const int failure = ::fsync(directory) == 0 ? 0 : errno;
  ::close(directory);
  // EINVAL: this file system has no fsync for directories.
  if (failure == 0 || failure == EINVAL) return {};
  return file_error(failure, "cannot sync directory", path);
}

FileSystemVerdict judge_file_system(uint32_t magic) {
  switch (magic) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case 0xff534d42:  // CIFS
    case 0xfe534d42:  // SMB2
    case AFS_SUPER_MAGIC:
    case AFS_FS_MAGIC:
    case CODA_SUPER_MAGIC:
    case 0x00c36400:  // Ceph
    case 0x0bd00bd0:  // Lustre
    case 0x47504653:  // GPFS
    case 0x7461636f:  // OCFS2
    case 0x01161970:  // GFS2
      return FileSystemVerdict::kNetwork;
    case 0x65735546:  // FUSE: sshfs and gluster, but also local ones
    case V9FS_MAGIC:  // Shared folders of virtual machines
      return FileSystemVerdict::kDoubtful;
    default: return FileSystemVerdict::kLocal;
  }
}

Result<StateDirectory> StateDirectory::claim(const std::string& dir, const std::string& pipeline) {
  MILLRACE_TRY(check_name(pipeline));
  const std::string path = (dir.empty() ? "." : dir) + "/" + pipeline + "/state";
  MILLRACE_TRY(make_directories(path));
  MILLRACE_TRY(check_file_system(path));
  const std::string file = path + "/owner";
  StateDirectory directory(path);
  directory.lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (directory.lock_ < 0) return file_error(errno, "cannot open", file);
  directory.owned_ = ::flock(directory.lock_, LOCK_EX | LOCK_NB) == 0;
  if (directory.owned_) {
    MILLRACE_TRY(write_pid(directory.lock_, file));
  } else if (errno != EWOULDBLOCK) {
    return file_error(errno, "cannot lock", file);
  }
  return directory;
}

Result<StateDirectory> StateDirectory::own(const std::string& dir, const std::string& pipeline) {
  auto directory = claim(dir, pipeline);
  if (!directory || directory->owned_) return directory;
  return in_use(directory->path_, directory->lock_);
}

Result<StateDirectory> StateDirectory::look(const std::string& dir, const std::string& pipeline) {
  auto directory = claim(dir, pipeline);
  if (!directory || directory->owned_) return directory;
  ::close(directory->lock_);
  directory->lock_ = ::open(directory->path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory->lock_ < 0) return file_error(errno, "cannot open directory", directory->path_);
  // Waits for an owner that replaces the file just now.
  if (::flock(directory->lock_, LOCK_SH) == 0) return directory;
  return file_error(errno, "cannot lock", directory->path_);
}

Result<void> StateDirectory::while_nobody_looks(const std::function<Result<void>()>& replace) {
  const int directory = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return file_error(errno, "cannot open directory", path_);
  Result<void> outcome;
  if (::flock(directory, LOCK_EX | LOCK_NB) == 0) {
    outcome = replace();
  } else {
    outcome = errno != EWOULDBLOCK
                  ? file_error(errno, "cannot lock", path_)
                  : Error{Code::kFailed, fmt::format("the state in {} cannot be replaced while "
                                                     "another process looks at it (millrace "
                                                     "state): let that end first",
                                                     path_)};
  }
  ::close(directory);
  return outcome;
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      owned_(std::exchange(other.owned_, false)) {}

StateDirectory::~StateDirectory() {
  // The file stays: unlinking it would let two processes lock two files of the same name.
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace millrace
