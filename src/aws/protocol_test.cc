#include "aws/protocol.h"

#include <gtest/gtest.h>

namespace infra::aws {
namespace {

// One structure with a scalar, a list, a time and a blob, used by every protocol.
std::shared_ptr<const ServiceModel> model_of(const std::string& protocol) {
  const std::string text = R"({"metadata":{"protocol":")" + protocol +
                           R"(","apiVersion":"2020-01-01","targetPrefix":"T","jsonVersion":"1.1",
    "awsQueryCompatible":{},"endpointPrefix":"thing"},
    "operations":{
      "MakeThing":{"name":"MakeThing","http":{"method":"POST","requestUri":"/things/{Name}"},
                   "input":{"shape":"Thing"},"output":{"shape":"Thing"}},
      "ChangeThing":{"name":"ChangeThing","http":{"method":"PUT","requestUri":"/"},"output":{"shape":"Change"}},
      "StartThing":{"name":"StartThing","http":{"method":"PUT","requestUri":"/"},"output":{"shape":"Start"}},
      "GetThing":{"name":"GetThing","http":{"method":"GET","requestUri":"/"},"output":{"shape":"Thing"}},
      "GetRule":{"name":"GetRule","http":{"method":"GET","requestUri":"/"},"output":{"shape":"Rule"}},
      "GetBytes":{"name":"GetBytes","http":{"method":"GET","requestUri":"/"},"output":{"shape":"Bytes"}},
      "GetSign":{"name":"GetSign","http":{"method":"GET","requestUri":"/"},"output":{"shape":"Sign"}},
      "HeadThing":{"name":"HeadThing","http":{"method":"HEAD","requestUri":"/"}}},
    "shapes":{
      "Thing":{"type":"structure","required":["Name"],"members":{
        "Name":{"shape":"S")" +
                           (protocol.starts_with("rest") ? R"(,"location":"uri")" : "") +
                           R"(},
        "Tags":{"shape":"L"},"When":{"shape":"W"},"Data":{"shape":"B"},"Count":{"shape":"I"}}},
      "Change":{"type":"structure","members":{"Id":{"shape":"S"}}},
      "Start":{"type":"structure","required":["Id"],"members":{"Id":{"shape":"S"}}},
      "Rule":{"type":"structure","payload":"Text","members":{"Text":{"shape":"S"}}},
      "Bytes":{"type":"structure","payload":"Data","members":{"Data":{"shape":"B"}}},
      "Sign":{"type":"structure","members":{"Id":{"shape":"S","location":"header","locationName":"x-id"}}},
      "S":{"type":"string"},"I":{"type":"integer"},"W":{"type":"timestamp"},"B":{"type":"blob"},
      "L":{"type":"list","member":{"shape":"S"}}}})";
  auto model = ServiceModel::parse(*parse_json(text));
  if (!model) ADD_FAILURE() << model.error().message;
  return *model;
}

Result<EncodedRequest> make(const std::string& protocol, std::string_view input) {
  const auto model = model_of(protocol);
  return encode(*model, *model->operation("MakeThing"), *parse_json(input));
}

Result<Json> read(const std::string& protocol, net::HttpResponse response,
                  std::string_view operation = "MakeThing") {
  const auto model = model_of(protocol);
  return decode(*model, *model->operation(operation), response);
}

constexpr std::string_view kInput =
    R"({"Name":"a/b","Tags":["x","y"],"When":"1970-01-01T00:00:01Z","Data":"aGk=","Count":2})";

TEST(Protocol, EncodesQuery) {
  EXPECT_EQ(make("query", kInput)->body,
            "Action=MakeThing&Version=2020-01-01&Name=a%2Fb&Tags.member.1=x&Tags.member.2=y&"
            "When=1970-01-01T00%3A00%3A01Z&Data=aGk%3D&Count=2");
}

TEST(Protocol, EncodesEc2) {
  EXPECT_EQ(make("ec2", R"({"Name":"n","Tags":["x"]})")->body,
            "Action=MakeThing&Version=2020-01-01&Name=n&Tags.1=x");
}

TEST(Protocol, EncodesJson) {
  const auto request = make("json", kInput);
  EXPECT_EQ(request->body, R"({"Name":"a/b","Tags":["x","y"],"When":1,"Data":"aGk=","Count":2})");
  EXPECT_EQ(net::header(request->headers, "x-amz-target"), "T.MakeThing");
  EXPECT_EQ(net::header(request->headers, "content-type"), "application/x-amz-json-1.1");
}

TEST(Protocol, EncodesRest) {
  EXPECT_EQ(make("rest-json", kInput)->target, "/things/a%2Fb");
  EXPECT_EQ(make("rest-xml", R"({"Name":"n","Tags":["<"]})")->body,
            "<Thing><Tags><member>&lt;</member></Tags></Thing>");
}

TEST(Protocol, RefusesBadInputWithItsPath) {
  for (const auto& [input, path] : std::vector<std::pair<std::string_view, std::string_view>>{
           {R"({"Name":"n","Tags":["a",1]})", "Tags[1]"},
           {R"({"Name":"n","Nope":1})", "Nope"},
           {R"({})", "Name"},
           {R"({"Name":"n","Count":"1"})", "Count"},
           {R"({"Name":"n","Data":"!"})", "Data"}}) {
    const auto request = make("json", input);
    ASSERT_FALSE(request) << input;
    EXPECT_EQ(request.error().code, Code::kInvalid);
    EXPECT_TRUE(request.error().message.starts_with(path)) << request.error().message;
  }
  EXPECT_FALSE(make("rest-json", R"({"Name":""})"));
}

TEST(Protocol, DecodesEveryProtocol) {
  const Json expected = *parse_json(R"({"Tags":["x"],"When":"1970-01-01T00:00:01Z","Count":2})");
  const std::string inner =
      "<Tags><member>x</member></Tags><When>1970-01-01T00:00:01Z</When><Count>2</Count>";
  const std::string json = R"({"Tags":["x"],"When":1,"Count":2,"Other":[]})";
  EXPECT_TRUE(same(*read("json", {200, {}, json}), expected));
  EXPECT_TRUE(same(*read("rest-json", {200, {}, json}), expected));
  EXPECT_TRUE(same(*read("ec2", {200, {}, "<MakeThingResponse>" + inner + "</MakeThingResponse>"}),
                   expected));
  EXPECT_TRUE(same(*read("rest-xml", {200, {}, "<R>" + inner + "</R>"}), expected));
  EXPECT_TRUE(same(*read("query", {200,
                                   {},
                                   "<MakeThingResponse><MakeThingResult>" + inner +
                                       "</MakeThingResult></MakeThingResponse>"}),
                   expected));
}

TEST(Protocol, GarbledSuccessIsUnknownOutcome) {
  for (const char* protocol : {"json", "rest-json", "ec2", "query", "rest-xml"}) {
    const auto answer = read(protocol, {200, {}, "<oops"});
    ASSERT_FALSE(answer) << protocol;
    EXPECT_EQ(answer.error().code, Code::kUnavailable);
  }
}

// "Name" is part of the address when the shape is an input.
TEST(Protocol, ReadsFromTheBodyWhatARequestHasInItsAddress) {
  EXPECT_EQ(*read("rest-json", {200, {}, R"({"Name":"n"})"}), (Json{{"Name", "n"}}));
  EXPECT_EQ(*read("rest-xml", {200, {}, "<Thing><Name>n</Name></Thing>"}), (Json{{"Name", "n"}}));
}

TEST(Protocol, EmptyAnswerToAReadIsUnknownOutcome) {
  for (const char* protocol : {"json", "rest-json", "ec2", "query", "rest-xml"}) {
    for (const char* operation : {"GetThing", "GetRule"}) {
      const bool rest = std::string_view(protocol).starts_with("rest-");
      if (!rest && operation == std::string_view("GetRule")) continue;  // has no payloads
      const auto answer = read(protocol, {200, {}, ""}, operation);
      ASSERT_FALSE(answer) << protocol << " " << operation;
      EXPECT_EQ(answer.error().code, Code::kUnavailable);
    }
    // A write, but its model requires a member.
    EXPECT_FALSE(read(protocol, {200, {}, ""}, "StartThing")) << protocol;
  }
}

TEST(Protocol, EmptyAnswerIsGoodWhereNothingHasToCome) {
  for (const char* protocol : {"rest-json", "rest-xml"}) {
    EXPECT_TRUE(read(protocol, {200, {}, ""}, "ChangeThing")) << protocol;
    EXPECT_TRUE(read(protocol, {204, {}, ""}, "GetThing")) << protocol;
    EXPECT_TRUE(read(protocol, {200, {}, ""}, "GetBytes")) << protocol;
    EXPECT_TRUE(read(protocol, {200, {}, ""}, "HeadThing")) << protocol;
    EXPECT_EQ(*read(protocol, {200, {{"x-id", "i"}}, ""}, "GetSign"), (Json{{"Id", "i"}}));
  }
}

// A page of a proxy says nothing about AWS: least of all that a resource is absent.
TEST(Protocol, ForeignDocumentIsUnknownOutcome) {
  for (const char* protocol : {"ec2", "query", "rest-xml"}) {
    for (const char* body :
         {"<html><body>sign in</body></html>", "<Error><Code>X</Code></Error>"}) {
      const auto result = read(protocol, {.status = 200, .headers = {}, .body = body});
      ASSERT_FALSE(result) << protocol << body;
      EXPECT_EQ(result.error().code, Code::kUnavailable);
    }
  }
}

TEST(Protocol, ReadsErrors) {
  const auto json = read("json", {400, {{"x-amzn-requestid", "r1"}}, R"({"__type":"a#NoSuchX"})"});
  EXPECT_EQ(json.error().code, Code::kNotFound);
  EXPECT_EQ(json.error().remote_code, "NoSuchX");
  EXPECT_EQ(json.error().request_id, "r1");
  const auto compatible =
      read("json", {400, {{"x-amzn-query-error", "Q.NonExistentQueue;Sender"}}, "{}"});
  EXPECT_EQ(compatible.error().remote_code, "Q.NonExistentQueue");
  const auto ec2 = read("ec2", {400,
                                {},
                                "<R><Errors><Error><Code>DependencyViolation</Code>"
                                "</Error></Errors><RequestID>r2</RequestID></R>"});
  EXPECT_EQ(ec2.error().code, Code::kBlocked);
  EXPECT_EQ(ec2.error().request_id, "r2");
  EXPECT_EQ(read("rest-xml", {404, {}, "not found"}).error().code, Code::kUnavailable);
}

TEST(Protocol, HeadHasOnlyItsStatus) {
  const auto model = model_of("rest-xml");
  const auto answer = decode(*model, *model->operation("HeadThing"), {404, {}, ""});
  EXPECT_EQ(answer.error().code, Code::kNotFound);
  EXPECT_EQ(answer.error().remote_code, "404");
}

TEST(Protocol, ClassifiesCodes) {
  EXPECT_EQ(classify("ThrottlingException", 400), Code::kThrottled);
  EXPECT_EQ(classify("SlowDown", 503), Code::kThrottled);
  EXPECT_EQ(classify("InvalidVpcID.NotFound", 400), Code::kNotFound);
  EXPECT_EQ(classify("NoSuchEntity", 404), Code::kNotFound);
  EXPECT_EQ(classify("EntityAlreadyExists", 409), Code::kAlreadyExists);
  EXPECT_EQ(classify("BucketAlreadyOwnedByYou", 409), Code::kAlreadyExists);
  EXPECT_EQ(classify("AccessDenied", 403), Code::kDenied);
  EXPECT_EQ(classify("UnauthorizedOperation", 403), Code::kDenied);
  EXPECT_EQ(classify("ExpiredToken", 400), Code::kUnauthenticated);
  EXPECT_EQ(classify("SignatureDoesNotMatch", 403), Code::kUnauthenticated);
  EXPECT_EQ(classify("BucketNotEmpty", 409), Code::kBlocked);
  EXPECT_EQ(classify("ResourceInUseException", 400), Code::kBlocked);
  EXPECT_EQ(classify("OperationAborted", 409), Code::kBusy);
  EXPECT_EQ(classify("ConcurrentAccess", 400), Code::kBusy);
  EXPECT_EQ(classify("StaleTag", 400), Code::kBusy);
  EXPECT_EQ(classify("InternalError", 500), Code::kUnavailable);
  EXPECT_EQ(classify("PermanentRedirect", 301), Code::kUnavailable);
  EXPECT_EQ(classify("ValidationError", 400), Code::kInvalid);
}

}  // namespace
}  // namespace infra::aws
