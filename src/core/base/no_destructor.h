// A static that is never destroyed: a backend that exits on FATAL runs static destructors while
// frames that use them are still live.
#pragma once

#include <new>
#include <utility>

namespace rv {

template <class T>
class NoDestructor {
 public:
  template <class... Args>
  explicit NoDestructor(Args&&... args) {
    new (storage_) T(std::forward<Args>(args)...);
  }
  T& operator*() noexcept { return *std::launder(reinterpret_cast<T*>(storage_)); }
  T* operator->() noexcept { return &**this; }
  NoDestructor(const NoDestructor&) = delete;
  NoDestructor& operator=(const NoDestructor&) = delete;

 private:
  alignas(T) unsigned char storage_[sizeof(T)];
};

}  // namespace rv
