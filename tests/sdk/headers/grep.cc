#include <millrace/plugin.hpp>
using namespace millrace;
class Grep final : public processor {
 public:
  static constexpr auto info = describe(
      "org.millrace.grep", "1.2.0", "Apache-2.0",
      "Keeps records whose value contains a substring; empty values are rejected.",
      R"({"type":"object","required":["needle"],"properties":{"needle":{"type":"string","minLength":1}}})",
      cap::stateless);  // one instance per decode lane; absent: ORDERED, one per task
  Grep(const context& ctx, const config& cfg)
      : needle_(cfg.str("needle")), dropped_(ctx.make_counter("dropped")) {}
  void process(batch_view in, emitter& out) override {
    keep_.clear();
    for (uint32_t i = 0; i < in.size(); ++i) {
      auto v = in.value(i);  // string_view into the shared arena
      if (v.empty())
        out.reject(in, i, "empty value");  // one bad record, not a failed batch
      else if (v.find(needle_) != v.npos)
        keep_.push_back(i);
    }
    dropped_.add(static_cast<double>(in.size() - keep_.size()));  // one host call per batch
    out.select(in, keep_);                                        // no payload byte is copied
  }

 private:
  std::string needle_;
  counter dropped_;
  std::vector<uint32_t> keep_;
};
MILLRACE_PLUGIN(Grep)
