#include <fstream>
#include <millrace/plugin.hpp>
using namespace millrace;
class LineFile final : public source {
 public:
  static constexpr auto info =
      describe("org.millrace.line_file", "1.0.0",
               "Apache-2.0",  // consteval: bad id or schema = compile error
               "Reads a text file, one record per line; resumes at the last durable byte.",
               R"({"type":"object","required":["path"],"properties":{"path":{"type":"string"}}})");
  LineFile(const context&, const config& cfg)
      : path_(cfg.str("path")) {}  // config: the host's millrace.json/1
  void open(const opening& o) override {
    in_.open(path_, std::ios::binary);
    if (!in_)
      throw retriable("cannot open " + path_,
                      1000);  // becomes rc -100, retry after 1 s; never crosses as an exception
    if (o.state.size() == sizeof next_) std::memcpy(&next_, o.state.data(), sizeof next_);
    in_.seekg(static_cast<std::streamoff>(next_));
  }
  flow poll(const budget& b, emitter& out) override {  // called only when partition 0 has credit
    while (out.records() < b.max_records && out.bytes() < b.max_bytes) {
      if (!std::getline(in_, line_)) return flow::end;
      next_ += line_.size() + (in_.eof() ? 0 : 1);
      out.append({.value = line_,
                  .partition = 0,
                  .position = next_});  // written straight into host memory
    }
    return flow::more;
  }
  std::string snapshot(
      uint64_t) override {  // where to resume after the last record that poll returned
    return {reinterpret_cast<const char*>(&next_), sizeof next_};
  }

 private:
  std::string path_, line_;
  std::ifstream in_;
  uint64_t next_ = 0;
};
MILLRACE_PLUGIN(LineFile)  // several classes: MILLRACE_PLUGIN(A, B, C)
