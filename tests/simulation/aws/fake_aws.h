#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "core/random.h"
#include "core/timeline.h"
#include "net/http.h"

namespace infra::sim {

// How far this AWS is from a calm day on which everything is seen at once. All zero: calm.
struct AwsBehaviour {
  // Share of the changes that some readers see late, by the delays of the service's own sources.
  double stale_by_id = 0;    // Describe by id, Get
  double stale_lists = 0;    // lists, filters, look-ups by tag or name
  double stale_details = 0;  // attributes, settings and tags of what is itself seen
  double stale_access = 0;   // a fresh role or principal that another service does not yet know
  // False: each read asks any replica, so that what was seen may vanish and come back.
  bool monotonic = true;
  double slow_operations = 0;    // share of long operations that take far longer than usual
  double failed_operations = 0;  // share of long operations that end in the failed state
  bool failed_updates = true;    // updates as well, not only creates
  double short_pages = 0;        // share of list answers cut into more pages, some of them empty
  int vpc_limit = 0;             // VPCs per account and region; 0: no limit
};

// What a request to AWS is.
struct AwsCall {
  std::string service;    // "ec2"
  std::string operation;  // "CreateVpc"
  std::string resource;   // the id or name it addresses; empty: none, or many
  std::string access_key;
  bool writes = false;
};

// A refusal that AWS gives whatever was asked, in the service's own codes and form.
enum class AwsRefusal {
  kThrottled,
  kDenied,
  kExpiredToken,
  kBadSignature,  // as for keys that do not exist
  kInternalError,
  kUnavailable,
  kRequestTimeTooSkewed,
};

// A fake AWS, as far as the operator can see it. What it does is written from AWS's own documents
// and models (aws/SOURCES.md names them row by row) and never from our definitions. A request takes
// effect within handle(); what later reads see of it is drawn then. Any number of accounts: the
// access key says whose it is.
class FakeAws {
 public:
  FakeAws(Timeline& timeline, Random random, AwsBehaviour behaviour);
  ~FakeAws();

  // Keys that AWS accepts. Requests with others are refused as AWS does.
  void add_access_key(const std::string& access_key, const std::string& account);
  void remove_access_key(const std::string& access_key);

  AwsCall identify(const net::HttpRequest& request) const;
  net::HttpResponse handle(const net::HttpRequest& request);
  net::HttpResponse refuse(const net::HttpRequest& request, AwsRefusal why) const;

  // From now on; what is late already stays late.
  void set_behaviour(AwsBehaviour behaviour);

  // A committed change, which is every write that AWS accepted, even if it changed nothing; only a
  // CreateQueue that finds the queue there, and a write to a queue that is just going, are none.
  // The oracles know AWS by these and by resources(), and by nothing else.
  struct Mutation {
    Duration at{0};
    AwsCall call;      // operation "(actor)" where a person or AWS itself did it
    std::string kind;  // the kind of custom resource that stands for such a thing: "VPC"
    std::string account;
    std::string id;  // VpcId, role name, queue URL, key id, function name, bucket name, topic ARN
    bool created = false;
    bool removed = false;    // for a KMS key or a secret: its deletion was scheduled
    bool of_others = false;  // it took away a part of the thing that a person has put there
    std::string owner;       // the owner tag (see kOwnerTag) after the change, or before a removal
  };
  const std::vector<Mutation>& log() const;

  struct Resource {
    std::string kind;
    std::string account;
    std::string region;
    std::string id;
    std::map<std::string, std::string> tags;
    // Everything else in AWS's words: members as the service's Get or Describe names them, settings
    // that have calls of their own under a name of their own.
    //   VPC: as in Vpcs[0]; EnableDnsSupport, EnableDnsHostnames: {"Value": true}
    //   IAMRole: as in Role, policies as plain JSON text; AttachedPolicies: [{PolicyName,
    //     PolicyArn}], InlinePolicies: {name: document}
    //   SQSQueue: as in Attributes, all of them text
    //   KMSKey: as in KeyMetadata; Policy: text, KeyRotationEnabled: true
    //   LambdaFunction: as in FunctionConfiguration
    //   SecretsManagerSecret: as described; SecretString or SecretBinary; Gone: after its deletion
    //   SNSTopic: as in Attributes; Subscriptions: as in lists, with their State and Attributes
    //   S3Bucket: Name, BucketRegion; Versioning: {"Status"}, ServerSideEncryptionConfiguration:
    //     {"Rules"}, PublicAccessBlockConfiguration, CORSRules: [...], LifecycleRules: [...]; those
    //     of which there is none are left out
    Json state;
    Duration created{0};
    bool live = true;         // false: deleted, or a key or secret that waits for its deletion
    bool actor_made = false;  // not through the API of this fake by an access key
  };
  // Whether there are services here for what such custom resources stand for.
  static bool has(const std::string& kind);
  // The truth, with nothing late. In a fixed order.
  std::vector<Resource> resources() const;

  // What the first account has from the start, with ids that never change (aws/furniture.cc), for
  // things that others have to be put into. It is not among the resources, and stays as it is.
  void furnish();

  // What others do. Each says in a few words what it did; empty: there was nothing to do it to, or
  // AWS refused it. They never touch what does not exist, nor the tags by which the operator knows
  // its own.
  // A person changes or deletes something that exists, or adds a tag that is nobody's business.
  std::string tamper(Random& random, bool may_delete);
  // A person puts something into one that can hold things, which then cannot be deleted for so
  // long.
  std::string occupy(Random& random, Duration how_long);
  // They take back what keeps a thing from being deleted, and take away what has failed, as
  // conditions ask them to.
  void make_way();
  // Somebody makes a thing with that name (for a VPC its range, for a key its description) before
  // us: in the account of the first access key, or in one that is not ours.
  std::string squat(const std::string& kind, const std::string& name, bool other_account,
                    const std::string& region = "us-east-1");

  static constexpr std::string_view kOwnerTag = "aws-infra-operator.runner.codes/uid";

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace infra::sim
