#include "operator/traced_transport.h"

#include <utility>

namespace infra {
namespace {

std::string_view path_of(const net::HttpRequest& request) {
  const std::string_view target = request.target;
  return target.substr(0, target.find('?'));
}

// What is asked for, without whose: "vpcs" of /apis/GROUP/v1/namespaces/NS/vpcs/NAME, "vpcs/status"
// of its status. A name of a span has to have few values.
std::string resource_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    parts.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(parts.back().size());
  }
  std::size_t at = !parts.empty() && parts[0] == "apis" ? 3 : 2;
  if (at + 2 < parts.size() && parts[at] == "namespaces") at += 2;
  if (at >= parts.size()) return "";
  std::string out(parts[at]);
  if (at + 2 < parts.size()) out.append("/").append(parts[at + 2]);
  return out;
}

void note(telemetry::Span& span, const Result<net::HttpResponse>& response) {
  if (!response) {
    span.attributes.push_back({"error.type", to_string(response.error().code)});
    span.error = response.error().message;
    return;
  }
  span.attributes.push_back({"http.response.status_code", response->status});
  if (response->status < 400) return;
  span.attributes.push_back({"error.type", std::to_string(response->status)});
  span.error = "";
}

}  // namespace

telemetry::Span TracedTransport::begin(const net::HttpRequest& request) {
  const auto path = path_of(request);
  auto span = tracer_.begin_call(parent_, request.method + " " + resource_of(path));
  span.attributes = {{"http.request.method", request.method},
                     {"url.path", path},
                     {"server.address", request.host},
                     {"server.port", request.port}};
  return span;
}

Task<Result<net::HttpResponse>> TracedTransport::send(net::HttpRequest request,
                                                      net::HttpOptions options) {
  telemetry::Span span = begin(request);
  request.headers.emplace_back("traceparent", telemetry::traceparent(span));
  auto response = co_await behind_.send(std::move(request), std::move(options));
  note(span, response);
  tracer_.end(std::move(span));
  co_return response;
}

Task<Result<net::HttpResponse>> TracedTransport::stream(net::HttpRequest request,
                                                        net::HttpOptions options, ChunkSink sink) {
  auto response = co_await behind_.stream(std::move(request), std::move(options), std::move(sink));
  co_return response;
}

}  // namespace infra
