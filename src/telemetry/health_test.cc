#include "telemetry/health.h"

#include <gtest/gtest.h>

namespace infra::telemetry {
namespace {

TEST(Health, WithoutChecksIsAliveButNotReady) {
  const Health health;
  EXPECT_EQ(health.alive().http_status(), 200);
  EXPECT_EQ(health.ready().http_status(), 503);
}

TEST(Health, IsReadyOnceEveryCheckIs) {
  Health health;
  health.add("caches");
  health.add("webhook");
  health.set_ready("caches", true);
  EXPECT_EQ(health.ready().text, "[+]caches ok\n[-]webhook failed: not started\nnot ready\n");
  EXPECT_FALSE(health.ready().ok);
  EXPECT_TRUE(health.alive().ok);
  health.set_ready("webhook", true);
  EXPECT_EQ(health.ready().text, "[+]caches ok\n[+]webhook ok\nready\n");
  EXPECT_TRUE(health.ready().ok);
}

TEST(Health, WhatIsDeadIsNotReady) {
  Health health;
  health.set_ready("loop", true);
  health.set_alive("loop", false, "stuck\nfor 60 s");
  EXPECT_EQ(health.alive().text, "[-]loop failed: stuck for 60 s\nnot alive\n");
  EXPECT_EQ(health.alive().http_status(), 503);
  EXPECT_EQ(health.ready().text, "[-]loop failed: stuck for 60 s\nnot ready\n");
  health.set_alive("loop", true);
  EXPECT_TRUE(health.ready().ok);
}

TEST(Health, AddingAgainKeepsTheState) {
  Health health;
  health.set_ready("caches", true);
  health.add("caches");
  EXPECT_TRUE(health.ready().ok);
}

}  // namespace
}  // namespace infra::telemetry
