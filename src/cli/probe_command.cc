#include "cli/probe_command.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <iostream>
#include <memory>

#include "cli/run_to_end.h"
#include "net/beast_transport.h"

namespace infra::cli {
namespace {

int run(const std::string& url) {
  boost::asio::io_context io;
  SystemClock clock;
  net::BeastTransport transport(clock, {});
  const auto answered = run_to_end(io, probe(transport, url));
  if (answered) {
    std::cout << url << " answers\n";
    return 0;
  }
  std::cerr << url << ": " << answered.error().message << '\n';
  return 1;
}

}  // namespace

Task<Result<void>> probe(net::HttpTransport& transport, std::string url) {
  const auto parsed = net::parse_url(url);
  if (!parsed) co_return std::unexpected(parsed.error());
  net::HttpRequest request{.scheme = parsed->scheme,
                           .host = parsed->host,
                           .port = parsed->port,
                           .target = parsed->path,
                           .headers = {},
                           .body = {}};
  net::HttpOptions options{.timeout = std::chrono::seconds(10)};
  const auto response = co_await transport.send(std::move(request), std::move(options));
  if (!response) co_return std::unexpected(response.error());
  if (response->status / 100 != 2) {
    co_return fail(Code::kUnavailable,
                   fmt::format("answers {}: {}", response->status, response->body.substr(0, 200)));
  }
  co_return Result<void>();
}

void add_probe_command(CLI::App& app, int& exit_code) {
  auto url = std::make_shared<std::string>();
  auto* probe = app.add_subcommand("probe", "Ask a URL once, and fail unless it answers well");
  probe->add_option("URL", *url, "Such as http://infra-operator-metrics:8080/metrics")->required();
  probe->callback([url, &exit_code] { exit_code = run(*url); });
}

}  // namespace infra::cli
