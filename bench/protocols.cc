// One call of each protocol: its input to a request, and its answer to JSON.
#include "aws/protocol.h"

#include <benchmark/benchmark.h>

#include "inputs.h"

namespace infra::bench {
namespace {

struct Sample {
  std::string protocol, service, operation;
  std::string_view input, answer;
};

const Sample kSamples[] = {
    {"ec2", "ec2", "DescribeVpcs", R"({"VpcIds":["vpc-0a1b2c3d4e5f67890"]})",
     R"(<?xml version="1.0" encoding="UTF-8"?>
<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</requestId>
  <vpcSet>
    <item>
      <vpcId>vpc-0a1b2c3d4e5f67890</vpcId><ownerId>123456789012</ownerId><state>available</state>
      <cidrBlock>10.0.0.0/16</cidrBlock>
      <cidrBlockAssociationSet>
        <item>
          <cidrBlock>10.0.0.0/16</cidrBlock><associationId>vpc-cidr-assoc-0280ab6b</associationId>
          <cidrBlockState><state>associated</state></cidrBlockState>
        </item>
      </cidrBlockAssociationSet>
      <dhcpOptionsId>dopt-19edf471</dhcpOptionsId><instanceTenancy>default</instanceTenancy>
      <isDefault>false</isDefault>
      <tagSet>
        <item><key>Environment</key><value>production</value></item>
        <item><key>Team</key><value>platform</value></item>
        <item><key>aws-infra-operator.runner.codes/uid</key><value>7c1d2c0e-8a53-4f0c</value></item>
        <item><key>aws-infra-operator.runner.codes/cluster</key><value>production</value></item>
        <item><key>aws-infra-operator.runner.codes/namespace</key><value>network</value></item>
        <item><key>aws-infra-operator.runner.codes/name</key><value>main</value></item>
      </tagSet>
    </item>
  </vpcSet>
</DescribeVpcsResponse>)"},
    {"query", "iam", "GetRole", R"({"RoleName":"app-role"})",
     R"(<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
<GetRoleResult><Role>
  <Path>/application_abc/component_xyz/</Path><RoleName>app-role</RoleName>
  <RoleId>AROADBQP57FF2AEXAMPLE</RoleId>
  <Arn>arn:aws:iam::123456789012:role/application_abc/component_xyz/app-role</Arn>
  <CreateDate>2012-05-08T23:34:01Z</CreateDate>
  <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%5B%22ec2.amazonaws.com%22%5D%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%5D%7D%5D%7D</AssumeRolePolicyDocument>
  <Description>What the application may do</Description>
  <MaxSessionDuration>3600</MaxSessionDuration>
  <Tags>
    <member><Key>Environment</Key><Value>production</Value></member>
    <member><Key>Team</Key><Value>platform</Value></member>
  </Tags>
  <RoleLastUsed><LastUsedDate>2019-11-20T17:09:20Z</LastUsedDate><Region>us-east-1</Region></RoleLastUsed>
</Role></GetRoleResult>
<ResponseMetadata><RequestId>df37e965-9967-11e1-a4c3-270EXAMPLE04</RequestId></ResponseMetadata>
</GetRoleResponse>)"},
    {"json 1.0", "sqs", "GetQueueAttributes",
     R"({"QueueUrl":"https://sqs.eu-central-1.amazonaws.com/123456789012/orders",
         "AttributeNames":["All"]})",
     R"({"Attributes":{"QueueArn":"arn:aws:sqs:eu-central-1:123456789012:orders",
"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0",
"ApproximateNumberOfMessagesDelayed":"0","CreatedTimestamp":"1676665337",
"LastModifiedTimestamp":"1677096375","VisibilityTimeout":"60","MaximumMessageSize":"12345",
"MessageRetentionPeriod":"345600","DelaySeconds":"10","ReceiveMessageWaitTimeSeconds":"20",
"Policy":"{\"Version\":\"2012-10-17\",\"Id\":\"Policy1677095510157\",\"Statement\":[{\"Sid\":\"Stmt1677095506939\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:ReceiveMessage\",\"Resource\":\"arn:aws:sqs:eu-central-1:123456789012:orders\"}]}",
"RedriveAllowPolicy":"{\"redrivePermission\":\"allowAll\"}","SqsManagedSseEnabled":"true"}})"},
    {"json 1.1", "kms", "DescribeKey", R"({"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"})",
     R"({"KeyMetadata":{"AWSAccountId":"123456789012",
"Arn":"arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
"CreationDate":1.499288695918E9,"CustomerMasterKeySpec":"SYMMETRIC_DEFAULT","Description":"Logs",
"Enabled":true,"EncryptionAlgorithms":["SYMMETRIC_DEFAULT"],
"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","KeyManager":"CUSTOMER",
"KeySpec":"SYMMETRIC_DEFAULT","KeyState":"Enabled","KeyUsage":"ENCRYPT_DECRYPT","MultiRegion":true,
"MultiRegionConfiguration":{"MultiRegionKeyType":"PRIMARY","PrimaryKey":{
"Arn":"arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
"Region":"eu-central-1"},"ReplicaKeys":[]},"Origin":"AWS_KMS"}})"},
    {"rest-json", "lambda", "GetFunctionConfiguration", R"({"FunctionName":"resize"})",
     R"({"FunctionName":"resize","FunctionArn":"arn:aws:lambda:eu-central-1:123456789012:function:resize",
"Runtime":"python3.12","Role":"arn:aws:iam::123456789012:role/resize","Handler":"app.handler",
"CodeSize":5797206,"Description":"Makes thumbnails","Timeout":30,
"LastModified":"2026-01-02T03:04:05.000+0000","CodeSha256":"5tT2qgzYUHoqwR616pZ2dpkn/0J1FrzJmlKidWaaCgk=",
"Version":"$LATEST","VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[],"VpcId":""},
"TracingConfig":{"Mode":"PassThrough"},"RevisionId":"b75dcd81-xmpl-48a8-a75a-93ba8b5b9727",
"Environment":{"Variables":{"BUCKET":"example-logs","LOG_LEVEL":"info"}},"MemorySize":256,
"Layers":[{"Arn":"arn:aws:lambda:eu-central-1:123456789012:layer:common:7","CodeSize":169}],
"State":"Active","LastUpdateStatus":"Successful","PackageType":"Zip","Architectures":["arm64"],
"EphemeralStorage":{"Size":512},"LoggingConfig":{"LogFormat":"Text","LogGroup":"/aws/lambda/resize"}})"},
    {"rest-xml", "s3", "GetBucketEncryption", R"({"Bucket":"example-logs"})",
     R"(<?xml version="1.0" encoding="UTF-8"?>
<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Rule>
    <ApplyServerSideEncryptionByDefault>
      <SSEAlgorithm>aws:kms</SSEAlgorithm>
      <KMSMasterKeyID>arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd</KMSMasterKeyID>
    </ApplyServerSideEncryptionByDefault>
    <BucketKeyEnabled>true</BucketKeyEnabled>
  </Rule>
</ServerSideEncryptionConfiguration>)"},
};

void encode(benchmark::State& state, const Sample& sample) {
  const auto service = must(catalog().find(sample.service));
  const aws::Operation& operation = *service->model->operation(sample.operation);
  const Json input = must(parse_json(sample.input));
  for (auto _ : state) {
    const auto request = aws::encode(*service->model, operation, input);
    if (!request) state.SkipWithError(request.error().message.c_str());
    benchmark::DoNotOptimize(&request);
  }
}

void decode(benchmark::State& state, const Sample& sample) {
  const auto service = must(catalog().find(sample.service));
  const aws::Operation& operation = *service->model->operation(sample.operation);
  const net::HttpResponse response{
      .status = 200, .headers = {}, .body = std::string(sample.answer)};
  for (auto _ : state) {
    const auto answer = aws::decode(*service->model, operation, response);
    if (!answer) state.SkipWithError(answer.error().message.c_str());
    benchmark::DoNotOptimize(&answer);
  }
}

bool register_all() {
  for (const Sample& sample : kSamples) {
    const std::string name = "/" + sample.protocol + ", " + sample.service + " " + sample.operation;
    benchmark::RegisterBenchmark(("encode" + name).c_str(), encode, sample);
    benchmark::RegisterBenchmark(("decode" + name).c_str(), decode, sample);
  }
  return true;
}

const bool registered = register_all();

}  // namespace
}  // namespace infra::bench
