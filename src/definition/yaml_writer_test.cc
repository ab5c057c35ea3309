#include "definition/yaml_writer.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "definition/yaml_reader.h"

namespace infra::definition {
namespace {

TEST(YamlWriter, WritesBlocks) {
  const Json value = JsonObject{{"a", JsonArray{JsonObject{{"b", 1}, {"c", JsonArray{"x"}}}, "y"}},
                                {"empty", JsonObject{}}};
  EXPECT_EQ(to_yaml(value), "a:\n- b: 1\n  c:\n  - x\n- \"y\"\nempty: {}\n");
}

TEST(YamlWriter, WhatItWritesReadsBackTheSame) {
  const JsonArray values = {"true",
                            "No",
                            "1",
                            "0x1F",
                            "1e3",
                            "",
                            "- a",
                            "a: b",
                            "a #b",
                            "~",
                            "*x",
                            ".inf",
                            "2026-01-01",
                            "a\nb",
                            "^$|^[a]$",
                            "'q'",
                            "\"",
                            1,
                            1.5,
                            true,
                            nullptr,
                            JsonArray{},
                            JsonArray{JsonArray{1}}};
  for (const Json& value : values) {
    const Json wrapped = JsonObject{{"k", value}};
    EXPECT_EQ(to_json(YAML::Load(to_yaml(wrapped))), wrapped) << to_yaml(wrapped);
  }
}

}  // namespace
}  // namespace infra::definition
