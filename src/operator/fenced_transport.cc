#include "operator/fenced_transport.h"

namespace infra {
namespace {

std::unexpected<Error> closed() {
  return fail(Code::kCancelled, "this process does not lead any more");
}

}  // namespace

Task<Result<net::HttpResponse>> FencedTransport::send(net::HttpRequest request,
                                                      net::HttpOptions options) {
  if (!open_()) co_return closed();
  auto response = co_await behind_.send(std::move(request), std::move(options));
  co_return response;
}

Task<Result<net::HttpResponse>> FencedTransport::stream(net::HttpRequest request,
                                                        net::HttpOptions options, ChunkSink sink) {
  if (!open_()) co_return closed();
  auto response = co_await behind_.stream(std::move(request), std::move(options), std::move(sink));
  co_return response;
}

}  // namespace infra
