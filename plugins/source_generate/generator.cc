#include "source_generate/generator.h"

#include <charconv>
#include <cstring>
#include <functional>
#include <limits>

#include "common/json/config_text.h"
#include "common/json/json_reader.h"
#include "common/text/stable_hash.h"
#include "common/text/time_text.h"
#include "source_generate/dice.h"

namespace millrace::generate {
namespace {

using Write = std::function<void(const Moment&, Dice&, std::string&)>;

/// A field: its dice, and how often it is null.
class Field final : public Generator {
 public:
  Field(Write write, const std::string& path, double null_share)
      : write_(std::move(write)), place_(text::stable_hash(path)), null_share_(null_share) {}

  void write(const Moment& moment, std::string& out) const override {
    Dice dice(moment.seed, place_, moment.record);
    if (null_share_ > 0 && dice.fraction() < null_share_) {
      out += "null";
    } else {
      write_(moment, dice, out);
    }
  }

 private:
  Write write_;
  uint64_t place_;
  double null_share_;
};

class Object final : public Generator {
 public:
  void add(const std::string& name, std::unique_ptr<Generator> value) {
    members_.emplace_back(json::quoted(name) + ":", std::move(value));
  }
  void write(const Moment& moment, std::string& out) const override {
    out += '{';
    const char* comma = "";
    for (const auto& [name, value] : members_) {
      out += comma + name;
      value->write(moment, out);
      comma = ",";
    }
    out += '}';
  }

 private:
  std::vector<std::pair<std::string, std::unique_ptr<Generator>>> members_;
};

void add_number(double value, int decimals, std::string& out) {
  char text[64];
  const auto end = decimals < 0 ? std::to_chars(text, text + sizeof text, value)
                                : std::to_chars(text, text + sizeof text, value,
                                                std::chars_format::fixed, decimals);
  std::string_view number(text, static_cast<size_t>(end.ptr - text));
  if (number.find_first_not_of("-0.") == number.npos && number.starts_with('-')) {
    number.remove_prefix(1);  // -0.00
  }
  out += number;
}

std::pair<double, double> two_numbers(const config& spec, const std::string& path) {
  const auto list = spec.list("");
  if (list.size() != 2) throw config_error(path + ": two numbers are wanted");
  return {list[0].f64(""), list[1].f64("")};
}

Write sequence(const config& spec, const config&, const std::string&) {
  const int64_t start = spec.i64("start", 0), step = spec.i64("step", 1);
  const auto modulo = static_cast<uint64_t>(spec.i64("modulo", 0));
  return [=](const Moment& m, Dice&, std::string& out) {
    const uint64_t at = modulo ? m.record % modulo : m.record;
    // Unsigned, so that a long run wraps instead of being undefined.
    const uint64_t value = static_cast<uint64_t>(start) + at * static_cast<uint64_t>(step);
    out += std::to_string(static_cast<int64_t>(value));
  };
}

Write integer(const config& spec, const config&, const std::string& path) {
  const auto list = spec.list("");
  if (list.size() != 2) throw config_error(path + ": two numbers are wanted");
  const int64_t least = list[0].i64(""), most = list[1].i64("");
  if (least > most) throw config_error(path + ": the first is larger than the second");
  const uint64_t width = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
  return [=](const Moment&, Dice& dice, std::string& out) {
    const uint64_t by = width == UINT64_MAX ? dice.bits() : dice.below(width + 1);
    out += std::to_string(static_cast<int64_t>(static_cast<uint64_t>(least) + by));
  };
}

int decimals_of(const config& field) { return static_cast<int>(field.i64("decimals", -1)); }

Write uniform(const config& spec, const config& field, const std::string& path) {
  const auto bounds = two_numbers(spec, path);
  return [least = bounds.first, most = bounds.second, decimals = decimals_of(field)](
             const Moment&, Dice& dice, std::string& out) {
    add_number(least + dice.fraction() * (most - least), decimals, out);
  };
}

Write normal(const config& spec, const config& field, const std::string& path) {
  const auto shape = two_numbers(spec, path);
  return [mean = shape.first, deviation = shape.second, decimals = decimals_of(field)](
             const Moment&, Dice& dice, std::string& out) {
    add_number(mean + dice.normal() * deviation, decimals, out);
  };
}

Write exponential(const config& spec, const config& field, const std::string&) {
  return [mean = spec.f64(""), decimals = decimals_of(field)](const Moment&, Dice& dice,
                                                              std::string& out) {
    add_number(mean * dice.exponential(), decimals, out);
  };
}

Write choice(const config& spec, const config& field, const std::string& path) {
  std::vector<std::string> values;
  for (const config& value : spec.list("")) values.push_back(json::json_of(value));
  if (values.empty()) throw config_error(path + ": at least one value is wanted");
  std::vector<double> bounds;
  double sum = 0;
  for (const config& weight : field.list("weights")) bounds.push_back(sum += weight.f64(""));
  if (!bounds.empty() && (bounds.size() != values.size() || !(sum > 0))) {
    throw config_error(path + ": as many weights as values are wanted, not all 0");
  }
  return [values, bounds, sum](const Moment&, Dice& dice, std::string& out) {
    if (bounds.empty()) {
      out += values[dice.below(values.size())];
      return;
    }
    const double at = dice.fraction() * sum;
    const auto found = std::upper_bound(bounds.begin(), bounds.end() - 1, at);
    out += values[static_cast<size_t>(found - bounds.begin())];
  };
}

/// "user_{}" with a number of `of` different ones; a small share of them is drawn often (Zipf-like)
/// where `skew` is above 0.
Write labelled(const config& spec, const config& field, const std::string& path) {
  const std::string pattern = spec.str("");
  const size_t at = pattern.find("{}");
  const auto count = static_cast<uint64_t>(field.i64("of", 100));
  const double skew = field.f64("skew", 0);
  if (at == pattern.npos) throw config_error(path + ": a text with {} in it is wanted");
  if (count < 1) throw config_error(path + ": of: at least 1");
  const std::string before = pattern.substr(0, at), after = pattern.substr(at + 2);
  return [=](const Moment&, Dice& dice, std::string& out) {
    const double share = skew > 0 ? std::pow(dice.fraction(), 1 + skew) : dice.fraction();
    const auto number = static_cast<uint64_t>(share * static_cast<double>(count));
    out += json::quoted(before + std::to_string(number) + after);
  };
}

Write boolean(const config& spec, const config&, const std::string&) {
  return [share = spec.f64("")](const Moment&, Dice& dice, std::string& out) {
    out += dice.fraction() < share ? "true" : "false";
  };
}

Write time(const config& spec, const config&, const std::string& path) {
  const std::string unit = spec.str("");
  if (unit == "rfc3339") {
    return [](const Moment& m, Dice&, std::string& out) {
      const int64_t ms = m.time_us / 1000 - (m.time_us % 1000 < 0 ? 1 : 0);
      out += '"' + text::time_text(ms) + '"';
    };
  }
  const int64_t divisor = unit == "s" ? 1'000'000 : unit == "ms" ? 1000 : unit == "us" ? 1 : 0;
  if (divisor == 0) throw config_error(path + ": one of rfc3339, s, ms, us is wanted");
  return [divisor](const Moment& m, Dice&, std::string& out) {
    out += std::to_string(m.time_us / divisor - (m.time_us % divisor < 0 ? 1 : 0));
  };
}

Write value(const config& spec, const config&, const std::string&) {
  return [text = json::json_of(spec)](const Moment&, Dice&, std::string& out) { out += text; };
}

Write object(const config& spec, const config&, const std::string& path) {
  std::shared_ptr<const Generator> whole = make_object(spec, path);
  return [whole](const Moment& m, Dice&, std::string& out) { whole->write(m, out); };
}

/// Elements draw from dice of their own: element i of record n is not element i of record n + 1.
Write array(const config& spec, const config& field, const std::string& path) {
  const auto least = static_cast<uint64_t>(field.i64("/length/0", 1));
  const auto most = static_cast<uint64_t>(field.i64("/length/1", 3));
  if (least > most) throw config_error(path + ": length: the first is larger than the second");
  std::shared_ptr<const Generator> element = make_generator(spec, path + "[]");
  return [=](const Moment& m, Dice& dice, std::string& out) {
    const uint64_t count = least + dice.below(most - least + 1);
    out += '[';
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0) out += ',';
      element->write({m.seed + (i + 1) * 0x9e3779b9u, m.record, m.time_us}, out);
    }
    out += ']';
  };
}

struct Kind {
  const char* name;
  Write (*make)(const config& spec, const config& field, const std::string& path);
};
constexpr Kind kKinds[] = {{"sequence", sequence},
                           {"integer", integer},
                           {"uniform", uniform},
                           {"normal", normal},
                           {"exponential", exponential},
                           {"choice", choice},
                           {"label", labelled},
                           {"bool", boolean},
                           {"time", time},
                           {"value", value},
                           {"object", object},
                           {"array", array}};

}  // namespace

std::unique_ptr<Generator> make_generator(const config& spec, const std::string& path) {
  const Kind* found = nullptr;
  for (const Kind& kind : kKinds) {
    if (!spec.has(kind.name)) continue;
    if (found) throw config_error(path + ": both " + found->name + " and " + kind.name);
    found = &kind;
  }
  if (!found) {
    std::string names;
    for (const Kind& kind : kKinds) names += std::string(names.empty() ? "" : ", ") + kind.name;
    throw config_error(path + ": one of " + names + " is wanted");
  }
  Write write = found->make(spec.part(found->name), spec, path);
  return std::make_unique<Field>(std::move(write), path, spec.f64("null", 0));
}

std::unique_ptr<Generator> make_object(const config& fields, const std::string& path) {
  auto whole = std::make_unique<Object>();
  for (const auto& [name, spec] : fields.members("")) {
    whole->add(name, make_generator(spec, path + "." + name));
  }
  return whole;
}

}  // namespace millrace::generate
