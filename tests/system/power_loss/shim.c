/* A disk that forgets. Loaded into the program under test (LD_PRELOAD), it keeps beside the real
 * files a shadow of what a power failure would leave: what was synced, and nothing else. The worst
 * disk that POSIX allows:
 *   - the bytes of a file are safe as of its last fsync or fdatasync, or as written where it was
 * opened with O_DSYNC;
 *   - names in a directory (new, renamed, removed) are safe as of the directory's last fsync.
 * SHADOW/f/INODE holds the safe bytes of a file, SHADOW/d/INODE the safe names of a directory, a
 * line "INODE NAME" each. Every call that makes something safe, or renames or removes, is a step;
 * before step n the process dies if POWER_LOSS_AT=n. power_loss.py lays the shadow out as the disk
 * that the next life finds.
 * Apart from that, a process that dies between two calls of the system: STEP_KILL_AT=write:n kills
 * it before its nth write to a file (but for the two of the terminal), likewise fsync, rename,
 * unlink and send (to a server); STEPS_SAID names a file that gets a line for each as it is passed.
 * A disk that is broken: SYNC_FAILS_AT=n lets the nth fsync or fdatasync fail with EIO, once; what
 * it was to make safe is not.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int steps;

/* POSIX lets a symbol be a function; ISO C does not. */
#define REAL(type, name, ...) (__extension__(type(*)(__VA_ARGS__)) dlsym(RTLD_NEXT, name))

static const char* shadow(void) { return getenv("POWER_LOSS_SHADOW"); }

static void say_step(const char* name) {
  const char* said = getenv("STEPS_SAID");
  const int out = said ? open(said, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  char line[16];
  if (out < 0) return;
  const int size = snprintf(line, sizeof line, "%s\n", name);
  if (REAL(ssize_t, "write", int, const void*, size_t)(out, line, (size_t)size) != size) abort();
  close(out);
}

/* A place to die at, of any number of threads. */
static void pass(const char* name) {
  static int passes;
  const char* at = getenv("STEP_KILL_AT");
  const size_t length = strlen(name);
  say_step(name);
  if (!at || strncmp(at, name, length) != 0 || at[length] != ':') return;
  if (__atomic_add_fetch(&passes, 1, __ATOMIC_SEQ_CST) == atoi(at + length + 1)) raise(SIGKILL);
}

/* A write to a file or a server; what the program says on its terminal does not count. */
static void pass_write(int fd) {
  struct stat found;
  const int error = errno;
  if (fd > 2 && fstat(fd, &found) == 0) {
    if (S_ISREG(found.st_mode)) pass("write");
    if (S_ISSOCK(found.st_mode)) pass("send");
  }
  errno = error;
}

/* Holds the mutex until the step is done, so that steps of threads have one order. */
static void begin_step(void) {
  pthread_mutex_lock(&mutex);
  const char* at = getenv("POWER_LOSS_AT");
  if (shadow() && at && ++steps == atoi(at)) raise(SIGKILL);
}
/* The page cache has dropped what could not be written, so the next fsync succeeds: once means
 * once. */
static int sync_fails(void) {
  static int syncs;
  const char* at = getenv("SYNC_FAILS_AT");
  if (!at || ++syncs != atoi(at)) return 0;
  errno = EIO;
  return 1;
}

static void end_step(void) { pthread_mutex_unlock(&mutex); }

static void shadow_path(char* path, size_t size, char kind, ino_t inode) {
  if (snprintf(path, size, "%s/%c/%lu", shadow(), kind, (unsigned long)inode) >= (int)size) abort();
}

static void keep_names(const char* directory, ino_t inode) {
  char path[4096], part[4200];
  shadow_path(path, sizeof path, 'd', inode);
  if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part) abort();
  DIR* names = opendir(directory);
  FILE* out = fopen(part, "w");
  for (struct dirent* one; names && out && (one = readdir(names));) {
    if (strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0)
      fprintf(out, "%lu %s\n", (unsigned long)one->d_ino, one->d_name);
  }
  if (names) closedir(names);
  if (out) fclose(out);
  REAL(int, "rename", const char*, const char*)(part, path);
}

static void keep_bytes(const char* file, ino_t inode) {
  char path[4096];
  shadow_path(path, sizeof path, 'f', inode);
  const int in = open(file, O_RDONLY | O_CLOEXEC);
  const int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  static char buffer[1 << 16];
  for (ssize_t n; in >= 0 && out >= 0 && (n = read(in, buffer, sizeof buffer)) > 0;) {
    if (REAL(ssize_t, "write", int, const void*, size_t)(out, buffer, (size_t)n) != n) abort();
  }
  if (in >= 0) close(in);
  if (out >= 0) close(out);
}

static void keep(int fd) {
  struct stat found;
  char link[64];
  if (!shadow() || fstat(fd, &found) != 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (S_ISDIR(found.st_mode)) keep_names(link, found.st_ino);
  if (S_ISREG(found.st_mode)) keep_bytes(link, found.st_ino);
}

int fsync(int fd) {
  pass("fsync");
  begin_step();
  const int rc = sync_fails() ? -1 : REAL(int, "fsync", int)(fd);
  if (rc == 0) keep(fd);
  end_step();
  return rc;
}

int fdatasync(int fd) {
  pass("fsync");
  begin_step();
  const int rc = sync_fails() ? -1 : REAL(int, "fdatasync", int)(fd);
  if (rc == 0) keep(fd);
  end_step();
  return rc;
}

int rename(const char* from, const char* to) {
  pass("rename");
  begin_step();
  const int rc = REAL(int, "rename", const char*, const char*)(from, to);
  end_step();
  return rc;
}

int unlink(const char* path) {
  pass("unlink");
  begin_step();
  const int rc = REAL(int, "unlink", const char*)(path);
  end_step();
  return rc;
}

/* What is written to a file opened with O_DSYNC is safe when the call returns; the rest of the file
 * is not. */
static int writes_through(int fd) { return shadow() && (fcntl(fd, F_GETFL) & O_DSYNC) == O_DSYNC; }

static void keep_range(int fd, const void* bytes, ssize_t n, off_t offset) {
  struct stat found;
  char path[4096];
  if (n <= 0 || fstat(fd, &found) != 0) return;
  shadow_path(path, sizeof path, 'f', found.st_ino);
  const int out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (out < 0) return;
  if (REAL(ssize_t, "pwrite", int, const void*, size_t, off_t)(out, bytes, (size_t)n, offset) != n)
    abort();
  close(out);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  pass_write(fd);
  const int through = writes_through(fd);
  if (through) begin_step();
  const ssize_t n =
      REAL(ssize_t, "pwrite", int, const void*, size_t, off_t)(fd, bytes, size, offset);
  if (through) {
    keep_range(fd, bytes, n, offset);
    end_step();
  }
  return n;
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  return pwrite(fd, bytes, size, offset);
}

/* The rest of what writes, for its steps only. */
ssize_t write(int fd, const void* bytes, size_t size) {
  pass_write(fd);
  return REAL(ssize_t, "write", int, const void*, size_t)(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec* pieces, int count) {
  pass_write(fd);
  return REAL(ssize_t, "writev", int, const struct iovec*, int)(fd, pieces, count);
}

ssize_t pwritev(int fd, const struct iovec* pieces, int count, off_t offset) {
  pass_write(fd);
  return REAL(ssize_t, "pwritev", int, const struct iovec*, int, off_t)(fd, pieces, count, offset);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  pass("send");
  return REAL(ssize_t, "send", int, const void*, size_t, int)(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  pass("send");
  return REAL(ssize_t, "sendmsg", int, const struct msghdr*, int)(fd, message, flags);
}
