#include "cli/aws_command.h"

#include <boost/asio/io_context.hpp>
#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>
#include <vector>

#include "aws/client.h"
#include "aws/crt.h"
#include "aws/embedded.h"
#include "cli/run_to_end.h"
#include "net/beast_transport.h"

namespace infra::cli {
namespace {

struct Arguments {
  std::string service, operation, endpoint, region, models;
  std::string input = "{}";
  bool all_pages = false;
};

Result<Json> read_input(const std::string& input) {
  if (!input.starts_with("@")) return parse_json(input);
  std::ifstream file(input.substr(1), std::ios::binary);
  if (!file) return fail(Code::kInvalid, "cannot read " + input.substr(1));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse_json(text);
}

struct Setup {
  aws::ClientConfig config;
  std::shared_ptr<aws::Catalog> catalog;
  std::string operation;
  Json input;
};

// Everything that can be wrong before the network is used.
Result<Setup> set_up(const Arguments& arguments, const aws::Environment& environment) {
  auto config = aws::ClientConfig::from_environment(environment);
  if (!config) return std::unexpected(config.error());
  if (!arguments.region.empty()) config->region = arguments.region;
  if (config->region.empty()) return fail(Code::kInvalid, "give --region or set AWS_REGION");
  if (!arguments.endpoint.empty()) {
    config->endpoint = arguments.endpoint;
    config->endpoints.clear();
  }
  const std::string models =
      arguments.models.empty() ? environment("INFRA_AWS_MODELS") : arguments.models;
  auto catalog = std::make_shared<aws::Catalog>(
      models.empty() ? aws::DocumentSource(aws::embedded_document) : aws::folder_documents(models));
  auto service = catalog->find(arguments.service);
  if (!service) return std::unexpected(service.error());
  auto operation = find_operation(*(*service)->model, arguments.operation);
  if (!operation) {
    return fail(Code::kInvalid,
                arguments.service + " has no operation '" + arguments.operation + "'");
  }
  auto input = read_input(arguments.input);
  if (!input) return std::unexpected(input.error().in("--input"));
  return Setup{*config, catalog, *operation, *input};
}

Result<Json> call_aws(const Arguments& arguments, const Setup& setup,
                      const aws::Environment& environment) {
  boost::asio::io_context io;
  SystemClock clock;
  net::BeastTransport transport(clock, net::ProxyConfig::from_environment());
  std::mt19937_64 engine(std::random_device{}());
  auto random = [&engine] { return std::uniform_real_distribution<double>(0, 1)(engine); };
  const auto sts = setup.config.sts(*setup.catalog);
  if (!sts) return std::unexpected(sts.error());
  auto keys = aws::default_credentials(clock, transport, environment, *sts);
  aws::Client client(clock, transport, setup.catalog, std::move(keys), setup.config, random);
  auto call = arguments.all_pages
                  ? client.call_paged(arguments.service, setup.operation, setup.input)
                  : client.call(arguments.service, setup.operation, setup.input);
  return run_to_end(io, std::move(call));
}

std::string with_case(const std::vector<std::string>& words, unsigned upper) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::size_t k = 0; k < words[i].size(); ++k) {
      const auto c = static_cast<unsigned char>(words[i][k]);
      const bool big = k == 0 || (upper >> i & 1u) != 0;
      out += big ? static_cast<char>(std::toupper(c)) : static_cast<char>(c);
    }
  }
  return out;
}

int run(const Arguments& arguments) {
  const aws::CrtLibrary crt;
  const auto environment = aws::process_environment();
  const auto setup = set_up(arguments, environment);
  if (!setup) {
    std::cerr << setup.error().message << '\n';
    return 2;
  }
  const auto result = call_aws(arguments, *setup, environment);
  if (!result) {
    std::cerr << result.error().message << '\n';
    return 1;
  }
  std::cout << pretty(*result) << '\n';
  return 0;
}

}  // namespace

std::optional<std::string> find_operation(const aws::ServiceModel& model, std::string_view name) {
  if (model.operation(name) != nullptr) return std::string(name);
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '-')
      words.emplace_back();
    else
      words.back() += c;
  }
  // Abbreviations are written in capitals (DescribeDBInstances), so each word is tried both ways.
  if (words.size() > 10) return std::nullopt;
  for (unsigned upper = 0; upper < 1u << words.size(); ++upper) {
    std::string candidate = with_case(words, upper);
    if (model.operation(candidate) != nullptr) return candidate;
  }
  return std::nullopt;
}

std::string pretty(const Json& value, int indent) {
  const std::string inner(static_cast<std::size_t>(indent) * 2 + 2, ' ');
  const std::string outer(static_cast<std::size_t>(indent) * 2, ' ');
  std::string out;
  if (value.is_object() && !value.get_object().empty()) {
    for (const auto& [name, member] : value.get_object()) {
      out += out.empty() ? "{\n" : ",\n";
      out += inner + boost::json::serialize(boost::json::string(name)) + ": " +
             pretty(member, indent + 1);
    }
    return out + "\n" + outer + "}";
  }
  if (value.is_array() && !value.get_array().empty()) {
    for (const Json& item : value.get_array()) {
      out += out.empty() ? "[\n" : ",\n";
      out += inner + pretty(item, indent + 1);
    }
    return out + "\n" + outer + "]";
  }
  return boost::json::serialize(value);
}

void add_aws_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  auto* aws = app.add_subcommand("aws", "Make one AWS call and print its answer as JSON");
  aws->add_option("SERVICE", arguments->service, "Such as ec2")->required();
  aws->add_option("OPERATION", arguments->operation, "DescribeVpcs or describe-vpcs")->required();
  aws->add_option("--input", arguments->input, "What the operation is given: JSON, or @FILE");
  aws->add_option("--endpoint-url", arguments->endpoint,
                  "Speak to this address instead of AWS's own");
  aws->add_option("--region", arguments->region, "Default: AWS_REGION");
  aws->add_flag("--all-pages", arguments->all_pages, "Every page, joined");
  aws->add_option(
      "--models", arguments->models,
      "Service models, laid out like botocore/data; default: INFRA_AWS_MODELS, or those built in");
  aws->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace infra::cli
