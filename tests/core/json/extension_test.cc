#include "json/extension.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace millrace {
namespace {

mr_str text(std::string_view view) { return {view.data(), view.size()}; }

TEST(JsonExtension, ReadsATree) {
  const mr_json_v1* json = json_extension();
  mr_json* root = nullptr;
  ASSERT_EQ(json->parse(nullptr, text(R"({"a":[1,"x",null,true,2.5],"b":{}})"), &root, nullptr),
            MR_OK);
  const mr_json* a = json->at(root, text("/a"));
  EXPECT_EQ(json->type(a), MR_JSON_ARRAY);
  std::string kinds;
  uint64_t cursor = 0;
  mr_str key;
  const mr_json* item = nullptr;
  while (json->iterate(a, &cursor, &key, &item) == MR_MORE) {
    EXPECT_EQ(key.ptr, nullptr);
    kinds += std::to_string(json->type(item));
  }
  EXPECT_EQ(kinds, "34023");
  int64_t number = 0;
  EXPECT_EQ(json->i64(json->at(root, text("/a/0")), &number), MR_OK);
  EXPECT_EQ(number, 1);
  EXPECT_EQ(json->i64(json->at(root, text("/a/4")), &number), MR_E_RECORD);
  double real = 0;
  EXPECT_EQ(json->f64(json->at(root, text("/a/4")), &real), MR_OK);
  EXPECT_EQ(real, 2.5);
  mr_str string;
  EXPECT_EQ(json->str(json->at(root, text("/a/1")), &string), MR_OK);
  EXPECT_EQ(std::string(string.ptr, string.len), "x");
  EXPECT_EQ(json->str(a, &string), MR_E_RECORD);
  EXPECT_EQ(json->at(root, text("/c")), nullptr);
  cursor = 0;
  EXPECT_EQ(json->iterate(root, &cursor, &key, &item), MR_MORE);
  EXPECT_EQ(std::string(key.ptr, key.len), "a");
  json->free(root);
  json->free(nullptr);
}

TEST(JsonExtension, ReportsIntoTheCallersBuffer) {
  char buffer[16];
  mr_err err{};
  err.struct_size = sizeof(err);
  err.msg = buffer;
  err.msg_cap = sizeof(buffer);
  mr_json* root = nullptr;
  EXPECT_EQ(json_extension()->parse(nullptr, text("[1,"), &root, &err), MR_E_RECORD);
  EXPECT_EQ(root, nullptr);
  EXPECT_EQ(err.rc, MR_E_RECORD);
  EXPECT_GT(err.msg_len, 0u);
  EXPECT_LE(err.msg_len, sizeof(buffer));
  EXPECT_EQ(std::string_view(buffer, 4), "1:4:");
}

}  // namespace
}  // namespace millrace
