#include "definition/crd_template.h"

#include <gmock/gmock.h>

#include "definition/crd.h"
#include "definition/loader.h"
#include "definition/yaml_reader.h"

namespace infra::definition {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(CrdTemplate, IsTheCrdToAReaderOfYaml) {
  const auto provider = load_provider();
  ASSERT_TRUE(provider);
  EXPECT_EQ(to_json(YAML::Load(crd_template(*provider))), Json(make_crd(*provider)));
}

TEST(CrdTemplate, HelmCanSwitchItOffAndAddMetadata) {
  const auto provider = load_provider();
  ASSERT_TRUE(provider);
  const std::string text = crd_template(*provider);
  EXPECT_THAT(text, StartsWith("# {{- if .Values.crds.install }}\napiVersion:"));
  EXPECT_THAT(text, HasSubstr("runner.codes\n  # {{- include \"infra-operator.crdMetadata\" . | "
                              "nindent 2 }}\nspec:\n"));
  EXPECT_THAT(text, HasSubstr("\n# {{- end }}\n"));
}

TEST(CrdTemplate, BracesOfATextAreNoneToHelm) {
  auto provider = load_provider();
  ASSERT_TRUE(provider);
  provider->description = "Such as {{resolve:ssm}} and {{{x}}}.";
  const std::string text = crd_template(*provider);
  EXPECT_THAT(text, Not(HasSubstr("{{resolve")));
  EXPECT_THAT(text, Not(HasSubstr("{{{")));
  EXPECT_EQ(to_json(YAML::Load(text)), Json(make_crd(*provider)));
}

}  // namespace
}  // namespace infra::definition
