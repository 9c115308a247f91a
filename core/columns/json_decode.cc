#include "columns/json_decode.h"

#include <simdjson.h>

#include <cstring>

#include "columns/json_cell.h"

namespace millrace {
namespace {

/// What to do with a value: the columns it fills and the members it is searched for.
struct PlanNode {
  struct Leaf {
    uint32_t column;
    Type type;
    CellFormat format;
  };
  struct Child {
    std::string name;
    uint64_t first8;  ///< The first eight bytes of the name, zero-filled.
    uint32_t node;
  };
  std::vector<Leaf> leaves;
  std::vector<Child> children;
  uint64_t firsts[4] = {};  ///< A bit per first byte of a child's name, and for the backslash.
  bool may_want(uint8_t first) const { return firsts[first / 64] >> (first % 64) & 1; }
  void want(uint8_t first) { firsts[first / 64] |= uint64_t{1} << (first % 64); }
  std::vector<uint32_t> below;  ///< All columns of this node's descendants.
};

uint64_t load8(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// High bit of each byte of `word` that equals `byte`; right for the lowest such byte.
uint64_t find_byte(uint64_t word, unsigned char byte) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t x = word ^ (kOnes * byte);
  return (x - kOnes) & ~x & (kOnes << 7);
}

uint64_t first8_of(std::string_view name) {
  char bytes[8] = {};
  std::memcpy(bytes, name.data(), std::min(name.size(), sizeof bytes));
  return load8(bytes);
}

class Decoder final : public JsonDecoder {
 public:
  explicit Decoder(std::vector<WantedField> wanted) : wanted_(std::move(wanted)) {
    nodes_.emplace_back();
    for (uint32_t column = 0; column < wanted_.size(); ++column) add(column);
    seen_.resize((wanted_.size() + 63) / 64);
  }

  void decode(std::span<const std::string_view> values, std::span<Column> columns,
              std::vector<BrokenValue>& broken) override {
    columns_ = columns;
    rows_ = values.size();
    for (size_t i = 0; i < wanted_.size(); ++i) columns[i].reset(wanted_[i].type, rows_);
    for (row_ = 0; row_ < rows_; ++row_) {
      std::fill(seen_.begin(), seen_.end(), 0);
      if (const char* reason = decode_value(values[row_])) {
        broken.push_back({static_cast<uint32_t>(row_), reason});
        std::fill(seen_.begin(), seen_.end(), 0);
      }
      fill_unseen();
    }
  }

  bool split_array(std::string_view text, std::vector<std::string_view>& elements) override {
    if (tokens_.find(text) || tokens_.kind(0) != '[') return false;
    uint32_t i = 1;
    if (tokens_.kind(i) == ']') return tokens_.count() == 2;
    while (true) {
      const uint32_t behind = tokens_.behind(i);
      if (behind == tokens_.broken()) return false;
      elements.push_back(raw_text(i, behind));
      const char separator = tokens_.kind(behind);
      i = behind + 1;
      if (separator == ']') return i == tokens_.count();
      if (separator != ',') return false;
    }
  }

  uint64_t cells_read() const override { return cells_read_; }

  std::string validate(std::string_view value) override {
    simdjson::dom::element element;
    const auto error = dom_.parse(value.data(), value.size(), true).get(element);
    return error ? simdjson::error_message(error) : "";
  }

 private:
  void add(uint32_t column) {
    uint32_t node = 0;
    for (const std::string& step : wanted_[column].path) {
      nodes_[node].below.push_back(column);
      node = child(node, step);
    }
    nodes_[node].leaves.push_back({column, wanted_[column].type, wanted_[column].format});
  }

  uint32_t child(uint32_t node, const std::string& name) {
    for (const auto& known : nodes_[node].children) {
      if (known.name == name) return known.node;
    }
    const auto made = static_cast<uint32_t>(nodes_.size());
    nodes_[node].children.push_back({name, first8_of(name), made});
    nodes_[node].want(name.empty() ? '"' : static_cast<uint8_t>(name[0]));
    nodes_[node].want('\\');
    nodes_.emplace_back();
    return made;
  }

  /// Null, or why the value is no record.
  const char* decode_value(std::string_view text) {
    if (text.data() == nullptr) return nullptr;  // A null value: no field is there (R29).
    if (const char* reason = tokens_.find(text)) return reason;
    if (tokens_.kind(0) != '{') {
      const bool null = tokens_.count() == 1 && tokens_.scalar(0) == "null";
      return null ? nullptr : "the record is not a JSON object";
    }
    if (tokens_.kind(tokens_.count() - 1) != '}') return unclosed();
    uint32_t i = 1;
    if (const char* reason = decode_object(i, nodes_[0])) return reason;
    return i < tokens_.count() ? "bytes follow the JSON object" : nullptr;
  }

  /// Why the last token does not close the object that the first one opens.
  const char* unclosed() const {
    uint32_t open = 0;
    for (uint32_t i = 0; i < tokens_.count(); ++i) {
      const char kind = tokens_.kind(i);
      if (kind == '{' || kind == '[') ++open;
      if ((kind == '}' || kind == ']') && --open == 0) {
        return kind == '}' ? "bytes follow the JSON object" : "the JSON object does not end";
      }
    }
    return "the JSON object does not end";
  }

  /// `i`: the token behind the brace that opens the object; afterwards the one behind the brace
  /// that closes it.
  const char* decode_object(uint32_t& i, const PlanNode& plan) {
    if (tokens_.kind(i) == '}') return ++i, nullptr;
    const char* const text = tokens_.text();
    const uint32_t* const starts = tokens_.starts();
    const uint32_t count = tokens_.count();
    while (true) {
      if (i + 3 >= count) return "the JSON object does not end";
      const char* const name = text + starts[i];
      if (*name != '"') return "a member's name is not a string";
      if (text[starts[i + 1]] != ':') return "a colon is missing behind a member's name";
      uint32_t node = 0;
      if (plan.may_want(static_cast<uint8_t>(name[1])) && !match_key(i, plan, node)) {
        return "a member's name has a bad escape";
      }
      i += 2;
      const uint32_t behind = tokens_.behind(i);
      if (behind == tokens_.broken()) return "a value is missing or does not end";
      if (node != 0) {
        if (const char* reason = take_value(i, behind, nodes_[node])) return reason;
      }
      const char separator = behind < count ? text[starts[behind]] : '\0';
      i = behind + 1;
      if (separator == '}') return nullptr;
      if (separator != ',') return "a comma is missing between two members";
    }
  }

  /// Sets `node` to the child with the name at token i; 0 if nobody wants it. False: bad escape.
  bool match_key(uint32_t i, const PlanNode& plan, uint32_t& node) {
    const char* raw = tokens_.at(i) + 1;
    const uint64_t word = load8(raw);  // Readable: the arena is padded.
    const uint64_t quote = find_byte(word, '"');
    const uint64_t slash = find_byte(word, '\\');
    if (slash && (!quote || (slash & -slash) < (quote & -quote)))
      return match_escaped(i, plan, node);
    if (quote) {
      const unsigned length = static_cast<unsigned>(__builtin_ctzll(quote)) / 8;
      const uint64_t name = length == 0 ? 0 : word & (~uint64_t{0} >> (64 - 8 * length));
      for (const auto& child : plan.children) {
        if (child.first8 == name && child.name.size() == length) return node = child.node, true;
      }
      return true;
    }
    for (const auto& child : plan.children) {
      if (child.first8 != word) continue;
      const size_t length = child.name.size();
      if (std::memcmp(raw, child.name.data(), length) == 0 && raw[length] == '"') {
        return node = child.node, true;
      }
      return match_escaped(i, plan, node);  // An escape may hide in the rest.
    }
    return true;
  }

  bool match_escaped(uint32_t i, const PlanNode& plan, uint32_t& node) {
    const std::string_view raw = tokens_.scalar(i);
    key_.resize(raw.size() + kUnescapeRoom);
    const char* end = tokens_.unescape(i, key_.data());
    if (!end) return false;
    const std::string_view key(key_.data(), static_cast<size_t>(end - key_.data()));
    for (const auto& child : plan.children) {
      if (child.name == key) node = child.node;
    }
    return true;
  }

  std::string_view raw_text(uint32_t i, uint32_t behind) const {
    return behind == i + 1 ? tokens_.scalar(i) : tokens_.between(i, behind - 1);
  }

  const char* take_value(uint32_t i, uint32_t behind, const PlanNode& plan) {
    forget(plan);
    const bool object = tokens_.kind(i) == '{';
    if (!plan.leaves.empty()) {
      const std::string_view raw = raw_text(i, behind);
      cells_read_ += plan.leaves.size();
      for (const auto& leaf : plan.leaves) {
        const Parsed parsed =
            object ? take_object(raw, leaf)
                   : read_cell(tokens_, i, raw, leaf.format, columns_[leaf.column], row_);
        if (parsed == Parsed::kBroken) return "a value that is read is not valid JSON";
        if (parsed == Parsed::kMismatch) mark(leaf.column, kMismatch);
        if (parsed == Parsed::kOk) mark_seen(leaf.column);
      }
    }
    if (!object || plan.children.empty()) return nullptr;
    uint32_t inside = i + 1;
    return decode_object(inside, plan);
  }

  Parsed take_object(std::string_view raw, const PlanNode::Leaf& leaf) {
    if (leaf.type != Type::kJsonb || leaf.format >= CellFormat::kTimeSeconds)
      return Parsed::kMismatch;
    if (!is_json(raw)) return Parsed::kBroken;  // A value that is read is checked inside too (R46).
    columns_[leaf.column].texts[row_] = raw;
    return Parsed::kOk;
  }

  void mark_seen(uint32_t column) {
    // A cell that was a mismatch under an earlier duplicate key is good again.
    if (columns_[column].has_invalid) columns_[column].cells[row_] = kValid;
    seen_[column / 64] |= uint64_t{1} << (column % 64);
  }
  void mark(uint32_t column, Cell cell) {
    mark_seen(column);
    columns_[column].set_cell(row_, cell, rows_);
  }

  /// A later duplicate key replaces all that the earlier one had set.
  void forget(const PlanNode& plan) {
    for (const auto& leaf : plan.leaves) unsee(leaf.column);
    for (uint32_t column : plan.below) unsee(column);
  }
  void unsee(uint32_t column) { seen_[column / 64] &= ~(uint64_t{1} << (column % 64)); }

  void fill_unseen() {
    for (size_t word = 0; word < seen_.size(); ++word) {
      const size_t left = wanted_.size() - word * 64;
      const uint64_t all = left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
      for (uint64_t unseen = all & ~seen_[word]; unseen != 0; unseen &= unseen - 1) {
        const auto column = word * 64 + static_cast<size_t>(__builtin_ctzll(unseen));
        columns_[column].set_cell(row_, kNull, rows_);
      }
    }
  }

  std::vector<WantedField> wanted_;
  std::vector<PlanNode> nodes_;  ///< The first is the record itself.
  uint64_t cells_read_ = 0;
  std::vector<uint64_t> seen_;  ///< A bit per column: the current record has a value for it.
  JsonTokens tokens_;
  simdjson::dom::parser dom_;
  std::string key_;
  std::span<Column> columns_;
  size_t rows_ = 0, row_ = 0;
};

}  // namespace

std::unique_ptr<JsonDecoder> make_json_decoder(std::vector<WantedField> wanted) {
  return std::make_unique<Decoder>(std::move(wanted));
}

std::vector<std::string> split_path(std::string_view dotted) {
  std::vector<std::string> steps;
  while (true) {
    const size_t dot = dotted.find('.');
    steps.emplace_back(dotted.substr(0, dot));
    if (dot == std::string_view::npos) return steps;
    dotted.remove_prefix(dot + 1);
  }
}

}  // namespace millrace
