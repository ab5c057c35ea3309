#include "reconcile/references.h"

#include <gtest/gtest.h>

#include "planning/decide.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

using definition::Definition;
using definition::Field;
using definition::Reference;
using definition::Type;

const std::string kAllow = std::string(planning::kGroup) + "/allow-references-from";

Field link(std::string name, std::string as, Type type = Type::kString) {
  Field field{.name = std::move(name), .type = type};
  field.reference = Reference{.kind = "Node", .as = std::move(as), .from = "nodeID"};
  if (type == Type::kArray) field.fields = {Field{}};
  return field;
}

// A kind whose objects refer to each other, in every place where a reference may stand.
Definition node_kind() {
  Definition kind;
  kind.kind = "Node";
  kind.identity.status = "nodeID";
  Field inner{.name = "inner", .type = Type::kObject};
  inner.fields = {link("peerID", "peerRef")};
  Field routes{.name = "routes", .type = Type::kArray};
  routes.fields = {Field{.type = Type::kObject}};
  routes.fields.front().fields = {link("viaID", "viaRef")};
  Field bytes{.name = "bytesRef", .type = Type::kSecretKey};
  bytes.format = "byte";
  kind.spec = {link("parentID", "parentRef"),
               link("groupIDs", "groupRefs", Type::kArray),
               inner,
               routes,
               Field{.name = "textRef", .type = Type::kSecretKey},
               bytes};
  return kind;
}

class FakeOthers final : public Others {
 public:
  const Definition* kind(const std::string& name) const override {
    return name == node.kind ? &node : nullptr;
  }
  std::optional<Object> find(const Target& target) const override {
    const auto found = objects.find(target);
    if (found == objects.end()) return std::nullopt;
    return Object(found->second);
  }
  std::vector<Object> select(const Selection& selection) const override {
    std::vector<Object> out;
    for (const auto& [target, json] : objects) {
      const bool there = target.kind == selection.kind && target.ns == selection.ns;
      if (there && selects(selection, json)) out.emplace_back(json);
    }
    return out;
  }

  Definition node = node_kind();
  std::map<Target, Json> objects;
};

Target node(const std::string& name, const std::string& ns = "default") {
  return {.kind = "Node", .ns = ns, .name = name};
}

class ReferencesTest : public ::testing::Test {
 protected:
  Json& add(const std::string& name, std::string_view spec = "{}",
            const std::string& ns = "default") {
    Json& out = others.objects[node(name, ns)];
    out = JsonObject{{"metadata", JsonObject{{"name", name}, {"namespace", ns}}},
                     {"spec", parse_json(spec).value()}};
    return out;
  }
  Json& add_ready(const std::string& name, std::string_view spec = "{}",
                  const std::string& ns = "default") {
    Json& out = add(name, spec, ns);
    out.as_object()["status"] = JsonObject{{"nodeID", "id-of-" + name}, {"ready", true}};
    return out;
  }
  static void label(Json& object, const std::string& value) {
    object.at("metadata").as_object()["labels"] = JsonObject{{"team.x/y", value}};
  }
  static void remove(Json& object) {
    set_path(object, "metadata.deletionTimestamp", Json("2026-01-01T00:00:00Z"));
  }
  Resolved of(const std::string& name) {
    return resolve(others.node, *others.find(node(name)), others, secrets);
  }
  std::string spec_of(const std::string& name) { return canonical(of(name).spec); }
  std::string reason_of(const std::string& name) {
    const auto done = of(name);
    return done.waiting ? done.waiting->reason : "";
  }
  std::string message_of(const std::string& name) {
    const auto done = of(name);
    return done.waiting ? done.waiting->message : "";
  }
  std::string users_of(const std::string& name) {
    std::vector<Target> all;
    for (const auto& [target, json] : others.objects) all.push_back(target);
    const auto waiting = in_use(others.node, *others.find(node(name)), all, others);
    return waiting ? waiting->message : "";
  }

  // `data` as the API server has it, in base64.
  Json add_secret(std::string_view data, const std::string& ns = "default") {
    const Json secret = JsonObject{{"metadata", JsonObject{{"name", "keys"}, {"namespace", ns}}},
                                   {"data", parse_json(data).value()}};
    secrets.insert_or_assign(Target{"Secret", ns, "keys"}, Object(secret));
    return secret;
  }

  FakeOthers others;
  Secrets secrets;
};

TEST_F(ReferencesTest, AMissingKeyIsMadeWhereTheSpecAsksForIt) {
  const auto missing = [this] {
    std::string out;
    for (const auto& one : to_generate(others.node, *others.find(node("one")), secrets)) {
      out += to_text(one.secret) + ":" + one.key + " ";
    }
    return out;
  };
  Json& one = add("one", R"({"textRef":{"name":"keys","key":"a","generate":true}})");
  EXPECT_EQ(missing(), "Secret default/keys:a ");
  add_secret(R"({"b":"c2VjcmV0"})");
  EXPECT_EQ(missing(), "Secret default/keys:a ");
  add_secret(R"({"a":"c2VjcmV0"})");
  EXPECT_EQ(missing(), "");
  secrets.clear();
  for (const auto* annotation : {"paused=true", "policy=observe"}) {
    const std::string_view text(annotation);
    const auto equals = text.find('=');
    one.at("metadata").as_object()["annotations"] =
        JsonObject{{group_key(text.substr(0, equals)), text.substr(equals + 1)}};
    EXPECT_EQ(missing(), "") << annotation;
  }
  one.at("metadata").as_object().erase("annotations");
  EXPECT_NE(missing(), "");
  remove(one);
  EXPECT_EQ(missing(), "");
}

TEST_F(ReferencesTest, NothingIsMadeUnaskedNorInAnotherNamespace) {
  for (const auto* reference :
       {R"({"name":"keys","key":"a"})", R"({"name":"keys","key":"a","generate":false})",
        R"({"name":"keys","key":"a","generate":true,"namespace":"other"})"}) {
    add("one", R"({"textRef":)" + std::string(reference) + "}");
    EXPECT_TRUE(to_generate(others.node, *others.find(node("one")), secrets).empty()) << reference;
  }
}

TEST_F(ReferencesTest, ASpecWithoutThemStaysAsItIs) {
  add("one", R"({"parentID":"p","routes":[{"viaID":"v"}],"inner":{"peerID":"q"}})");
  EXPECT_EQ(spec_of("one"), R"({"inner":{"peerID":"q"},"parentID":"p","routes":[{"viaID":"v"}]})");
  EXPECT_EQ(reason_of("one"), "");
}

TEST_F(ReferencesTest, AreFilledInWhereverTheyStand) {
  add_ready("a");
  add_ready("b");
  add("one", R"({"parentRef":{"name":"a"},"groupRefs":[{"name":"b"},{"name":"a"}],
                 "inner":{"peerRef":{"name":"b"}},"routes":[{"viaRef":{"name":"a"}},{"viaID":"v"}]})");
  EXPECT_EQ(spec_of("one"),
            R"({"groupIDs":["id-of-b","id-of-a"],"inner":{"peerID":"id-of-b"},)"
            R"("parentID":"id-of-a","routes":[{"viaID":"id-of-a"},{"viaID":"v"}]})");
  EXPECT_EQ(reason_of("one"), "");
}

TEST_F(ReferencesTest, SelectorsFindByLabels) {
  label(add_ready("a"), "x");
  label(add_ready("b"), "x");
  label(add_ready("c"), "y");
  label(add_ready("d", "{}", "other"), "y");
  add("one", R"({"parentSelector":{"matchLabels":{"team.x/y":"y"}},
                 "groupSelector":{"matchLabels":{"team.x/y":"x"}}})");
  EXPECT_EQ(spec_of("one"), R"({"groupIDs":["id-of-a","id-of-b"],"parentID":"id-of-c"})");
  add("two", R"({"parentSelector":{"matchLabels":{"team.x/y":"x"}}})");
  EXPECT_EQ(reason_of("two"), "ReferenceAmbiguous");
  add("three", R"({"parentSelector":{"matchLabels":{"team.x/y":"z"}}})");
  EXPECT_EQ(message_of("three"),
            "Waits for a Node that spec.parentSelector finds, and there is none");
}

TEST_F(ReferencesTest, WhatIsNotThereIsWaitedFor) {
  add("one", R"({"parentRef":{"name":"network"}})");
  EXPECT_EQ(reason_of("one"), "ReferenceNotFound");
  EXPECT_EQ(message_of("one"), "Waits for Node default/network, which does not exist");
}

TEST_F(ReferencesTest, WhatIsNotReadyIsWaitedFor) {
  add("one", R"({"parentRef":{"name":"a"}})");
  add("a");
  EXPECT_EQ(message_of("one"), "Waits for Node default/a, which has no nodeID yet");
  set_path(add_ready("a"), "status.ready", Json(false));
  EXPECT_EQ(message_of("one"), "Waits for Node default/a, which is not ready");
  remove(add_ready("a"));
  EXPECT_EQ(message_of("one"), "Waits for Node default/a, which is being deleted");
}

TEST_F(ReferencesTest, OnceBegunTheValueIsEnough) {
  add_ready("one", R"({"parentRef":{"name":"a"}})");
  Json& target = add_ready("a");
  remove(target);
  set_path(target, "status.ready", Json(false));
  EXPECT_EQ(reason_of("one"), "");
  others.objects.erase(node("a"));
  EXPECT_EQ(reason_of("one"), "ReferenceNotFound");
}

TEST_F(ReferencesTest, ADeletionGoesOnWithWhatThereIs) {
  add_ready("a");
  remove(add("one", R"({"parentRef":{"name":"gone"},"groupRefs":[{"name":"gone"},{"name":"a"}]})"));
  EXPECT_EQ(reason_of("one"), "");
  EXPECT_EQ(spec_of("one"), R"({"groupIDs":["id-of-a"]})");
}

TEST_F(ReferencesTest, AnotherNamespaceMustAllowIt) {
  add("one", R"({"parentRef":{"name":"a","namespace":"other"}})");
  EXPECT_EQ(reason_of("one"), "ReferenceForbidden");
  const std::string absent = message_of("one");
  Json& target = add_ready("a", "{}", "other");
  EXPECT_EQ(message_of("one"), absent) << "tells what there is";
  for (const auto* wrong : {"", "fault", "default2, nobody"}) {
    target.at("metadata").as_object()["annotations"] = JsonObject{{kAllow, wrong}};
    EXPECT_EQ(reason_of("one"), "ReferenceForbidden") << wrong;
  }
  for (const auto* right : {"default", "nobody, default", "*"}) {
    target.at("metadata").as_object()["annotations"] = JsonObject{{kAllow, right}};
    EXPECT_EQ(reason_of("one"), "") << right;
  }
}

TEST_F(ReferencesTest, ACycleNamesItsChain) {
  add("a", R"({"parentRef":{"name":"b"}})");
  add("b", R"({"inner":{"peerRef":{"name":"c"}}})");
  add("c", R"({"groupRefs":[{"name":"a"}]})");
  EXPECT_EQ(reason_of("a"), "ReferenceCycle");
  EXPECT_EQ(message_of("a"),
            "Node default/a waits for Node default/b waits for Node default/c waits for Node "
            "default/a; give one of them a literal value");
  add("outside", R"({"parentRef":{"name":"a"}})");
  EXPECT_EQ(reason_of("outside"), "ReferenceNotReady");
}

TEST_F(ReferencesTest, AnObjectCanWaitForItself) {
  add("a", R"({"parentRef":{"name":"a"}})");
  EXPECT_EQ(reason_of("a"), "ReferenceCycle");
}

TEST_F(ReferencesTest, ARingThatIsReadyIsNoCycle) {
  add_ready("a", R"({"parentRef":{"name":"b"}})");
  add_ready("b", R"({"parentRef":{"name":"a"}})");
  EXPECT_EQ(reason_of("a"), "");
}

TEST_F(ReferencesTest, ADeletionWaitsForUsers) {
  remove(add_ready("a"));
  EXPECT_EQ(users_of("a"), "");
  for (const auto* name : {"u1", "u2", "u3", "u4"}) add(name, R"({"parentRef":{"name":"a"}})");
  EXPECT_EQ(users_of("a"),
            "Goes when what refers to it has gone: Node default/u1, Node default/u2, Node "
            "default/u3 and 1 more");
}

TEST_F(ReferencesTest, ADeletionWaitsForNobody) {
  add("u", R"({"parentRef":{"name":"a"}})");
  remove(add("a"));
  EXPECT_EQ(users_of("a"), "") << "that never began";
  remove(add_ready("a", R"({"deletionPolicy":"Retain"})"));
  EXPECT_EQ(users_of("a"), "") << "that leaves its resource";
  remove(add_ready("a", R"({"parentRef":{"name":"a"}})"));
  add("u", R"({"parentID":"id-of-a"})");
  EXPECT_EQ(users_of("a"), "") << "but itself";
  add("u", R"({"parentRef":{"name":"a","namespace":"default"}})", "other");
  EXPECT_EQ(users_of("a"), "") << "that may not refer to it";
}

TEST_F(ReferencesTest, TwoThatBothGoDoNotWaitForEachOther) {
  Json& a = add_ready("a", R"({"parentRef":{"name":"b"}})");
  Json& b = add_ready("b", R"({"parentRef":{"name":"a"}})");
  remove(a);
  EXPECT_NE(users_of("a"), "");
  remove(b);
  EXPECT_EQ(users_of("a"), "");
  EXPECT_EQ(users_of("b"), "");
  add_ready("c", R"({"parentRef":{"name":"a"}})");
  EXPECT_NE(users_of("a"), "");
}

TEST_F(ReferencesTest, WhatIsAskedForIsKnownWhateverIsThere) {
  add("one", R"({"parentRef":{"name":"a","namespace":"other"},"routes":[{"viaRef":{"name":"b"}}],
                 "groupSelector":{"matchLabels":{"x":"y"}}})");
  const Asked asked = asked_by(others.node, *others.find(node("one")));
  EXPECT_EQ(asked.named, (std::vector<Target>{node("a", "other"), node("b")}));
  ASSERT_EQ(asked.selected.size(), 1U);
  EXPECT_EQ(asked.selected.front().labels.at("x"), "y");
}

TEST_F(ReferencesTest, AKeyOfASecretBecomesItsText) {
  add_secret(R"({"a.b":"c2VjcmV0Cg==","raw":"//8="})");
  add("one", R"({"textRef":{"name":"keys","key":"a.b"},"bytesRef":{"name":"keys","key":"raw"}})");
  EXPECT_EQ(spec_of("one"), R"({"bytesRef":"//8=","textRef":"secret\n"})");
  EXPECT_EQ(of("one").hidden, (std::vector<std::string>{"secret\n", "//8="}));
  const Asked asked = asked_by(others.node, *others.find(node("one")));
  EXPECT_EQ(asked.named.front(), (Target{"Secret", "default", "keys"}));
}

TEST_F(ReferencesTest, ASecretThatIsMissingIsWaitedFor) {
  add("one", R"({"textRef":{"name":"keys","key":"a"}})");
  EXPECT_EQ(reason_of("one"), "SecretNotFound");
  EXPECT_EQ(message_of("one"),
            "Waits for Secret default/keys with the key a, which does not exist");
  EXPECT_EQ(spec_of("one"), "{}");
  add_secret(R"({"b":"c2VjcmV0"})");
  EXPECT_EQ(message_of("one"), "Waits for the key a of Secret default/keys, which has no such key");
  for (const auto* wrong : {R"({"a":""})", R"({"a":"//8="})"}) {
    add_secret(wrong);
    EXPECT_EQ(reason_of("one"), "SecretInvalid") << wrong;
  }
  remove(add("one", R"({"textRef":{"name":"other","key":"a"}})"));
  EXPECT_EQ(reason_of("one"), "") << "a deletion goes on without it";
}

TEST_F(ReferencesTest, ASecretOfAnotherNamespaceMustAllowIt) {
  add("one", R"({"textRef":{"name":"keys","key":"a","namespace":"other"}})");
  EXPECT_EQ(reason_of("one"), "ReferenceForbidden");
  const std::string absent = message_of("one");
  Json secret = add_secret(R"({"a":"c2VjcmV0"})", "other");
  EXPECT_EQ(message_of("one"), absent);
  secret.at("metadata").as_object()["annotations"] = JsonObject{{kAllow, "default"}};
  secrets.insert_or_assign(Target{"Secret", "other", "keys"}, Object(secret));
  EXPECT_EQ(spec_of("one"), R"({"textRef":"secret"})");
}

}  // namespace
}  // namespace infra::reconcile
