#pragma once

namespace infra {

// Lets a std::unique_ptr own what a C library gives and takes back by a function:
// std::unique_ptr<BIO, Releaser<BIO_free>>.
template <auto kRelease>
struct Releaser {
  template <class T>
  void operator()(T* owned) const {
    kRelease(owned);
  }
};

}  // namespace infra
