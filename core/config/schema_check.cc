#include "config/schema_check.h"

// RapidJSON first, through its owner: valijson's adapter would otherwise define an assert of its
// own for it, and two meanings of one inline function end up in the program. So its switch is off
// while the adapter is read, and on for valijson's own errors, which must be exceptions.
#include "json/rapid.h"
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/exceptions.hpp>
#undef VALIJSON_USE_EXCEPTIONS
#include <valijson/adapters/rapidjson_adapter.hpp>
#define VALIJSON_USE_EXCEPTIONS 1
#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace millrace {
namespace {

using Adapter = valijson::adapters::RapidJsonAdapter;
using What = Violation::What;

struct Sentence {
  std::string_view begins;
  What what;
};

/// valijson names a broken constraint only in prose. What is not listed stays kOther, so a new
/// version's wording costs clarity, never a missed fault.
constexpr Sentence kSentences[] = {
    {"Value type not permitted", What::kType},
    {"Failed to match against any enum", What::kEnum},
    {"Failed to match expected value set by 'const'", What::kEnum},
    {"Missing required property '", What::kRequired},
    {"Object contains a property that could not be validated", What::kUnknown},
    {"Expected number greater than", What::kMinimum},
    {"Expected number less than", What::kMaximum},
    {"String should be no fewer than", What::kTooShort},
    {"Array should contain no fewer than", What::kTooShort},
    {"Object should have no fewer than", What::kTooShort},
    {"String should be no more than", What::kTooLong},
    {"Array should contain no more than", What::kTooLong},
    {"Object should have no more than", What::kTooLong},
    {"Failed to match regex", What::kPattern},
    {"Elements at indexes", What::kUnique},
    {"Failed to validate against any schemas allowed by anyOf", What::kAnyOf},
    {"Failed to validate", What::kSummary},
    {"Failed to any values against subschema", What::kOther},
    {"Array contains more items", What::kTooLong},
    {"Cannot validate item", What::kTooLong},
    {"Target value and comparison value", What::kSummary},
};

/// `["<root>", "[operators]", "[0]"]` → `/operators/0`.
std::string pointer_of_context(const std::vector<std::string>& context) {
  std::string pointer;
  for (size_t i = 1; i < context.size(); ++i) {
    std::string_view name = context[i];
    if (name.size() >= 2) name = name.substr(1, name.size() - 2);
    pointer = pointer_child(pointer, name);
  }
  return pointer;
}

Violation classify(const valijson::ValidationResults::Error& error) {
  Violation out{pointer_of_context(error.context), What::kOther, error.description};
  for (const Sentence& sentence : kSentences) {
    if (!out.detail.starts_with(sentence.begins)) continue;
    out.what = sentence.what;
    break;
  }
  if (out.what == What::kRequired) {
    const size_t first = out.detail.find('\'') + 1;
    out.detail = out.detail.substr(first, out.detail.rfind('\'') - first);
  }
  return out;
}

/// The documents must outlive the schema: it keeps frozen copies of `enum` values only, but the
/// parser's caches point into the text while it runs.
Result<std::unique_ptr<valijson::Schema>> compile(const JsonValue& schema) {
  try {
    const rapidjson::Document document = to_rapidjson(schema);
    auto compiled = std::make_unique<valijson::Schema>();
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(Adapter(document), *compiled);
    return compiled;
  } catch (const std::exception& thrown) {
    return Error{Code::kInvalidConfig, std::string("not a draft-07 schema: ") + thrown.what()};
  }
}

/// Whether the value is valid; fills `results` unless null.
Result<bool> validate(const JsonValue& value, const valijson::Schema& schema,
                      valijson::ValidationResults* results) {
  try {
    const rapidjson::Document document = to_rapidjson(value);
    valijson::Validator validator;
    return validator.validate(schema, Adapter(document), results);
  } catch (const std::exception& thrown) {
    return Error{Code::kInvalidConfig, std::string("the schema cannot be used: ") + thrown.what()};
  }
}

}  // namespace

Result<std::vector<Violation>> violations_of(const JsonValue& value, const JsonValue& schema) {
  auto compiled = compile(schema);
  if (!compiled) return compiled.error();
  valijson::ValidationResults results;
  const Result<bool> valid = validate(value, **compiled, &results);
  if (!valid) return valid.error();
  std::vector<Violation> out;
  for (const auto& error : results) out.push_back(classify(error));
  // `false` as a schema breaks without a word.
  if (!*valid && out.empty()) out.push_back({"", What::kOther, "Not allowed here."});
  return out;
}

bool matches(const JsonValue& value, const JsonValue& schema) {
  auto compiled = compile(schema);
  if (!compiled) return false;
  const Result<bool> valid = validate(value, **compiled, nullptr);
  return valid && *valid;
}

Result<void> check_schema(const JsonValue& schema) {
  auto compiled = compile(schema);
  if (!compiled) return compiled.error();
  return {};
}

}  // namespace millrace
