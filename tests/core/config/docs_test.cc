#include "config/docs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Docs, TheHostsKeysAreOneTablePerPart) {
  const std::string docs = host_docs();
  for (const char* piece :
       {"# Configuration\n", "## Top level\n", "## Any source\n", "## Any operator\n",
        "## Any sink\n", "| key | type | default | meaning |\n|---|---|---|---|\n",
        "| `pipeline` | string | **required** | Name of the pipeline.",
        "| `commit.log` | one of `local` `kafka` | `local` | ",
        "| `commit.every` | duration | `1s` (local), `200ms` (kafka) | ",
        "| `limits.outbox` | size | `256MiB` | ", "| `lanes` | whole number | one per core | ",
        "| `schema` | map | the plugin's | ",
        "| `event_time.idle_timeout` | duration or `none` | `30s` when live, `none` when replaying "
        "| ",
        "| `from` | string or list | **required** | ",
        "| `emit` | one of `append` `update` `complete` or object | `append` with a window, "
        "`update` "
        "without | ",
        "| `emit.update.every` | duration or object | each change | ",
        "| `order_by` | string or list | group order | List of `expression [asc\\|desc] [nulls "
        "first\\|last]` for the rows of one window.",
        "E.g. `\"1m\"` |\n", "*Advanced.*"}) {
    EXPECT_THAT(docs, HasSubstr(piece));
  }
  EXPECT_THAT(docs, Not(HasSubstr("$ref")));
}

TEST(Docs, APluginsPageHasKeysExampleAndRecords) {
  const FakePlugins plugins;
  const Result<std::string> docs = plugin_docs(*plugins.find("source", "wikipedia"));
  ASSERT_TRUE(docs.has_value());
  EXPECT_EQ(*docs, R"(# wikipedia (source)

Wikimedia EventStreams

Edits as they happen.

`org.millrace.wikipedia`

```json
{
  "plugin": "wikipedia",
  "stream": "recentchange"
}
```

## Keys

| key | type | default | meaning |
|---|---|---|---|
| `stream` | string | `recentchange` |  |
| `token` | string | none | Access token. *Secret: never printed.* |
| `max_age` | duration | `14m30s` |  |
| `rate` | number (1/s) | none |  *Advanced.* |
| `max` | object | `{"line":"8MiB","body":"64MiB"}` |  |
| `max.line` | size | none |  |
| `max.body` | size | none |  |
| `on_gap` | string | `fail` |  |
| `event_time` | map | none |  |

Beside the keys of any source: `millrace docs config`.

## Records

Each entry may be overridden in the configuration.

| field | type |
|---|---|
| `wiki` | `text` |
| `bot` | `bool` |
| `timestamp` | `int8` |

- `event_time`: `{"field":"timestamp","unit":"s","out_of_orderness":"5s"}`
- `key`: `"wiki"`
)");
}

TEST(Docs, KeysOfBranchesAreListedToo) {
  const FakePlugins plugins;
  const Result<std::string> docs = plugin_docs(*plugins.find("sink", "postgres"));
  ASSERT_TRUE(docs.has_value());
  EXPECT_THAT(*docs, HasSubstr("| `mode` | one of `append` `upsert` or object | none |  |\n"
                               "| `mode.upsert` | list | **required** |  |\n"
                               "| `conflict` | string | `replace` |  |\n"));
}

TEST(Docs, ABrokenSchemaIsRefused) {
  const Result<std::string> docs = plugin_docs({"source", "torn", "org.x.torn", "{"});
  ASSERT_FALSE(docs.has_value());
  EXPECT_EQ(docs.error().code, Code::kPluginRefused);
  EXPECT_THAT(docs.error().message, HasSubstr("the plugin \"torn\": "));
}

TEST(Docs, APluginWithoutKeysSaysSo) {
  EXPECT_THAT(*plugin_docs({"processor", "bare", "org.x.bare", ""}),
              HasSubstr("## Keys\n\nNo keys.\n"));
}

}  // namespace
}  // namespace millrace
