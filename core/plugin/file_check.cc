#include "plugin/file_check.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "Say which ELF machine this is."
#endif

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

Error refused(std::string why) { return {Code::kPluginRefused, std::move(why)}; }
Error refused_errno(const std::string& what) { return refused(what + ": " + strerror(errno)); }

/// Who could have put something else there?
Result<void> check_owner(const struct stat& info, const std::string& what) {
  if (info.st_uid != 0 && info.st_uid != geteuid()) {
    return refused(what + " belongs to user " + std::to_string(info.st_uid) +
                   ", neither to root nor to you");
  }
  if (info.st_mode & (S_IWGRP | S_IWOTH)) {
    return refused(what + " can be written by others; remedy: chmod go-w");
  }
  return {};
}

Result<void> check_elf(int fd) {
  Elf64_Ehdr header{};
  const ssize_t n = pread(fd, &header, sizeof header, 0);
  if (n < static_cast<ssize_t>(sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return refused("is not a shared library (no ELF file)");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != kMachine) {
    return refused("is built for another machine (ELF machine " + std::to_string(header.e_machine) +
                   ", expected " + std::to_string(kMachine) + ")");
  }
  if (header.e_type != ET_DYN) return refused("is not a shared library (another kind of ELF file)");
  return {};
}

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Result<FileIdentity> check_plugin_file(const std::string& path) {
  const auto slash = path.rfind('/');
  if (path.empty() || path[0] != '/') return refused("the path is not absolute");
  const std::string dir = slash == 0 ? "/" : path.substr(0, slash);
  const Descriptor parent(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.ok()) return refused_errno("its directory cannot be opened");
  struct stat info {};
  if (fstat(parent.get(), &info) != 0) return refused_errno("its directory cannot be examined");
  MILLRACE_TRY(check_owner(info, "its directory"));

  // O_NONBLOCK: a FIFO of that name must not hang the start.
  const Descriptor file(openat(parent.get(), path.c_str() + slash + 1,
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.ok() && errno == ELOOP) return refused("is a symbolic link");
  if (!file.ok()) return refused_errno("cannot be opened");
  if (fstat(file.get(), &info) != 0) return refused_errno("cannot be examined");
  if (!S_ISREG(info.st_mode)) return refused("is not a regular file");
  MILLRACE_TRY(check_owner(info, "the file"));
  MILLRACE_TRY(check_elf(file.get()));
  return FileIdentity{static_cast<uint64_t>(info.st_size), info.st_ino, nanoseconds(info.st_mtim),
                      nanoseconds(info.st_ctim)};
}

}  // namespace millrace
