#include "operator/trace_exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "net/retry_after.h"
#include "telemetry/otlp.h"

namespace infra {
namespace {

constexpr Duration kInterval{2'000};
constexpr Duration kTimeout{10'000};
constexpr std::size_t kBatch = 512;
constexpr int kMostDoublings = 4;
constexpr std::size_t kLongestAnswer = 200;
constexpr std::string_view kPath = "/v1/traces";

// OTLP lists the answers after which the same may be sent again.
bool may_come_again(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::string_view remedy_for(int status) {
  switch (status) {
    case 401:
    case 403: return "; check the token in OTEL_EXPORTER_OTLP_HEADERS";
    case 404: return "; check the path of --otlp-endpoint";
    case 415: return "; it has to take OTLP over HTTP as JSON";
    default: return "";
  }
}

Error error_of(const net::HttpResponse& response) {
  const std::string words = shortened(response.body, kLongestAnswer);
  Error error{
      .code = Code::kUnavailable,
      .message = fmt::format("the collector answered {}{}{}{}", response.status,
                             words.empty() ? "" : ": ", words, remedy_for(response.status))};
  error.http_status = response.status;
  error.retry_after = net::retry_after(response.headers);
  return error;
}

// JSON as OTLP has it writes 64-bit numbers as text; some write numbers.
std::size_t refused_of(const Json& partial) {
  const Json* count = find_path(partial, "rejectedSpans");
  const std::string text = count == nullptr ? "" : plain_text(*count);
  std::size_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return c > ' ' && c < '\x7F' &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(value, [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

}  // namespace

TraceExporter::TraceExporter(net::HttpTransport& transport, Clock& clock,
                             std::function<double()> random, telemetry::Tracer& tracer,
                             Settings settings, const telemetry::Logger& log)
    : transport_(transport),
      clock_(clock),
      random_(std::move(random)),
      tracer_(tracer),
      settings_(std::move(settings)),
      log_(log) {}

Task<void> TraceExporter::run() {
  Duration pause = kInterval;
  while (true) {
    co_await wakeup_.wait(clock_, clock_.steady() + pause);
    sending_ = true;
    pause = co_await send_all();
    sending_ = false;
  }
}

Task<void> TraceExporter::drain(Duration limit) {
  constexpr Duration kLook{10};
  const SteadyTime until = clock_.steady() + limit;
  wakeup_.notify();
  while ((sending_ || tracer_.waiting() > 0) && failures_ == 0 && clock_.steady() < until) {
    co_await clock_.sleep(kLook);
  }
  const std::size_t left = tracer_.waiting();
  if (left > 0)
    log_.error("some spans were not sent; the collector did not take them in time",
               {{"spans", left}});
}

// Gives back how long to wait before there may be more to send.
Task<Duration> TraceExporter::send_all() {
  while (tracer_.waiting() > 0) {
    std::vector<telemetry::Span> batch = tracer_.take(kBatch);
    const Answer answer = co_await post(batch);
    note(answer.error);
    if (answer.again) {
      tracer_.put_back(std::move(batch));
      co_return pause_after(*answer.error);
    }
    tracer_.count_exported(batch.size() - answer.refused);
    tracer_.count_dropped(answer.refused);
  }
  co_return kInterval;
}

Task<TraceExporter::Answer> TraceExporter::post(std::vector<telemetry::Span> batch) {
  const net::Url& url = settings_.endpoint;
  net::HttpRequest request{.method = "POST",
                           .scheme = url.scheme,
                           .host = url.host,
                           .port = url.port,
                           .target = url.path,
                           .headers = settings_.headers,
                           .body = telemetry::otlp_json(settings_.resource, batch)};
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("User-Agent", "infra-operator");
  net::HttpOptions options;
  options.timeout = kTimeout;
  auto response = co_await transport_.send(std::move(request), std::move(options));
  co_return read(response, batch.size());
}

TraceExporter::Answer TraceExporter::read(const Result<net::HttpResponse>& response,
                                          std::size_t spans) {
  if (!response) return {.error = response.error(), .again = true};
  if (response->status < 200 || response->status > 299) {
    const bool again = may_come_again(response->status);
    return {.error = error_of(*response), .refused = again ? 0 : spans, .again = again};
  }
  const Json body = parse_json(response->body).value_or(nullptr);
  const Json* partial = find_path(body, "partialSuccess");
  const std::size_t refused = partial == nullptr ? 0 : std::min(refused_of(*partial), spans);
  if (refused == 0) return {};
  return {.error = Error{.code = Code::kInvalid,
                         .message = fmt::format("the collector refused {} of {} spans: {}", refused,
                                                spans, text_at(*partial, "errorMessage"))},
          .refused = refused};
}

Duration TraceExporter::pause_after(const Error& error) {
  const Duration longest = kInterval * (1 << std::min(failures_, kMostDoublings));
  const Duration pause{std::int64_t(double(longest.count()) * (1 + random_()) / 2)};
  return std::max(pause, error.retry_after.value_or(Duration{0}));
}

void TraceExporter::note(const std::optional<Error>& error) {
  if (error && failures_ == 0) {
    log_.error("cannot send traces; of what waits for the collector, the oldest are dropped",
               telemetry::fields_of(error->in(settings_.endpoint.host)));
  }
  if (!error && failures_ > 0) {
    log_.info("traces are sent again");
  }
  failures_ = error ? failures_ + 1 : 0;
}

Result<net::Url> traces_endpoint(const std::string& url) {
  auto out = net::parse_url(url);
  if (!out || out->path.ends_with(kPath)) return out;
  while (out->path.ends_with('/')) out->path.pop_back();
  out->path += kPath;
  return out;
}

Result<net::Headers> parse_otlp_headers(const std::string& text) {
  net::Headers out;
  for (const std::string& item : split_list(text)) {
    const auto equals = std::min(item.find('='), item.size());
    std::string name = item.substr(0, equals);
    std::string value = net::percent_decode(item.substr(std::min(equals + 1, item.size())));
    if (equals == item.size() || !is_header_name(name) || !is_header_value(value)) {
      return fail(
          Code::kInvalid,
          fmt::format("item {} of OTEL_EXPORTER_OTLP_HEADERS is not NAME=VALUE; set it like "
                      "api-key=TOKEN, with commas between several and other signs as %XX",
                      out.size() + 1));
    }
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

}  // namespace infra
