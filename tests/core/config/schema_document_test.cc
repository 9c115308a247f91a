#include "config/schema_document.h"

#include <gtest/gtest.h>

#include "config/schema_check.h"
#include "json/document.h"
#include "loading.h"

namespace millrace {
namespace {

JsonValue parsed(const std::string& text) {
  Result<JsonDocument> document = parse_json(text, "t", JsonReadOptions::config());
  EXPECT_TRUE(document.has_value()) << document.error().message;
  return document->root;
}

class SchemaDocument : public testing::Test {
 protected:
  bool accepts(const std::string& config) const { return matches(parsed(config), schema_); }
  JsonValue schema_ = parsed(schema_document(FakePlugins()));
};

TEST_F(SchemaDocument, IsASchemaWithoutOneOf) {
  EXPECT_TRUE(check_schema(schema_).has_value());
  const std::string text = schema_document(FakePlugins());
  EXPECT_EQ(text.find("\"oneOf\""), std::string::npos);
  EXPECT_EQ(text.find("\"$ref\""), std::string::npos);
}

TEST_F(SchemaDocument, AcceptsWhatTheLoaderAccepts) {
  EXPECT_TRUE(accepts(with_operators(R"({"o": {"from": "in", "window": {"tumbling": "1m"}},
    "t": {"from": "in", "plugin": "tag", "config": {"prefix": "x"}}})")));
  EXPECT_TRUE(accepts(with_source(R"({"plugin": "wikipedia", "token": "x", "key": "wiki"})")));
}

TEST_F(SchemaDocument, UnderlinesWhatTheLoaderRefuses) {
  EXPECT_FALSE(accepts(with_operators(R"({"o": {"from": "in", "windw": {}}})")));
  EXPECT_FALSE(accepts(with_operators(R"({"o": {"from": "in", "window": {"tumblin": "1m"}}})")));
  EXPECT_FALSE(
      accepts(with_operators(R"({"t": {"from": "in", "plugin": "tag", "config": {"x": 1}}})")));
  EXPECT_FALSE(accepts(with_source(R"({"plugin": "wikipedia", "path": "x"})")));
  EXPECT_FALSE(accepts(with_source(R"({"plugin": "file"})")));
  EXPECT_FALSE(accepts(with_source(R"({"plugin": "elephant"})")));
  EXPECT_FALSE(accepts(with_top(R"("lane": 1)")));
}

TEST_F(SchemaDocument, OffersThePluginsByName) {
  const JsonValue* names =
      schema_.at("/properties/sources/additionalProperties/properties/plugin/enum");
  ASSERT_NE(names, nullptr);
  EXPECT_EQ(*names, parsed(R"(["file", "wikipedia"])"));
}

TEST(SchemaDocumentWithoutPlugins, IsStillASchema) {
  class NoPlugins : public PluginSchemas {
   public:
    const PluginSchema* find(std::string_view, std::string_view) const override { return nullptr; }
    std::vector<std::string> names(std::string_view) const override { return {}; }
  };
  EXPECT_TRUE(check_schema(parsed(schema_document(NoPlugins()))).has_value());
}

TEST(SchemaDocumentWithABrokenPlugin, LeavesItOut) {
  FakePlugins plugins;
  plugins.add({"source", "torn", "org.x.torn", "{"});
  const JsonValue schema = parsed(schema_document(plugins));
  EXPECT_EQ(*schema.at("/properties/sources/additionalProperties/properties/plugin/enum"),
            parsed(R"(["file", "wikipedia"])"));
}

}  // namespace
}  // namespace millrace
