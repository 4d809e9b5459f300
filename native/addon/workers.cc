// SPDX-License-Identifier: Apache-2.0
#include "workers.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <uv.h>

#include <deque>

namespace axo {
namespace {

class Lock {
 public:
  explicit Lock(pthread_mutex_t* mutex) : mutex_(mutex) { pthread_mutex_lock(mutex_); }
  ~Lock() { pthread_mutex_unlock(mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  pthread_mutex_t* mutex_;
};

// What comes back from the worker threads to one environment: an async handle of its event loop. It lives from the
// first piece of work until the environment ends.
class Completions {
 public:
  // Null with a failure when libuv refuses (no descriptor for the loop's wake-up).
  static Completions* Of(Napi::Env env, Failure* failure) {
    if (Completions* known = env.GetInstanceData<Completions>()) return known;
    uv_loop_t* loop = nullptr;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok) return failure->Set("napi_get_uv_event_loop", EINVAL), nullptr;
    Completions* fresh = new Completions(env);
    int status = uv_async_init(loop, &fresh->handle_, OnWake);
    if (status != 0) {
      failure->Set("uv_async_init", -status);
      delete fresh;
      return nullptr;
    }
    fresh->handle_.data = fresh;
    uv_unref(reinterpret_cast<uv_handle_t*>(&fresh->handle_));
    napi_add_async_cleanup_hook(env, OnEnvironmentEnd, fresh, &fresh->hook_);
    env.SetInstanceData<Completions, KeepUntilClosed>(fresh);
    return fresh;
  }

  void Expect() {
    if (pending_++ == 0) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_));
  }

  void Forget() {
    if (--pending_ == 0) uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
  }

  // From any thread. The handle cannot be closed meanwhile: that waits for what is pending.
  void Deliver(Work* work) {
    Lock lock(&mutex_);
    done_.push_back(work);
    uv_async_send(&handle_);
  }

 private:
  explicit Completions(Napi::Env env) : env_(env) {}

  // OnClosed deletes.
  static void KeepUntilClosed(Napi::Env, Completions*) {}

  static void OnWake(uv_async_t* handle) { static_cast<Completions*>(handle->data)->FinishAll(); }

  void FinishAll() {
    std::vector<Work*> done;
    {
      Lock lock(&mutex_);
      done.swap(done_);
    }
    if (closing_) {
      Drop(done);
      if (pending_ == 0) Close();
    } else if (!done.empty()) {
      Napi::HandleScope scope(env_);
      Napi::AsyncContext context(env_, "axoneme");
      // Its end runs the promises' reactions, which find the work's descriptors closed.
      Napi::CallbackScope callbacks(env_, context);
      for (Work* work : done) work->Finish();
      Drop(done);
    }
  }

  void Drop(const std::vector<Work*>& done) {
    for (Work* work : done) {
      delete work;
      Forget();
    }
  }

  static void OnEnvironmentEnd(napi_async_cleanup_hook_handle, void* self) {
    Completions* completions = static_cast<Completions*>(self);
    completions->closing_ = true;
    if (completions->pending_ == 0) completions->Close();
  }

  void Close() {
    uv_handle_t* handle = reinterpret_cast<uv_handle_t*>(&handle_);
    if (uv_is_closing(handle) != 0) return;
    uv_close(handle, [](uv_handle_t* closed) {
      Completions* self = static_cast<Completions*>(closed->data);
      napi_remove_async_cleanup_hook(self->hook_);
      delete self;
    });
  }

  Napi::Env env_;
  uv_async_t handle_{};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  size_t pending_ = 0;
  bool closing_ = false;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  std::vector<Work*> done_;
};

// Enough that a burst of pods keeps the kernel busy although some exchanges wait for its lock on devices; a thread that
// waits costs some 20 kB.
constexpr size_t kMostThreads = 16;
// A thread that has had nothing to do for so long ends. A new one costs less than a tenth of an ADD.
constexpr time_t kIdleSeconds = 5;

class Workers {
 public:
  // Never destroyed: at exit(3) threads may still be in the kernel, where nothing can reach them.
  static Workers* Get() {
    static Workers* workers = new Workers();
    return workers;
  }

  bool Add(Work* work, Completions* completions, Failure* failure) {
    Lock lock(&mutex_);
    queue_.push_back({work, completions});
    // A waiter that was woken counts as idle until it has the lock, so compare with all that is queued.
    if (queue_.size() <= idle_) {
      pthread_cond_signal(&wake_);
      return true;
    }
    if (threads_ == kMostThreads) return true;
    int error = StartThread();
    if (error == 0) threads_++;
    if (error == 0 || threads_ > 0) return true;  // those that are there come to it
    queue_.pop_back();
    failure->Set("pthread_create", error);
    return false;
  }

 private:
  struct Job {
    Work* work;
    Completions* completions;
  };

  Workers() {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&wake_, &attributes);
    pthread_condattr_destroy(&attributes);
  }

  static int StartThread() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    // Signals of the process are for Node's own threads: the new one inherits this mask.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, Body, nullptr);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    return error;
  }

  static void* Body(void*) {
    prctl(PR_SET_NAME, "axo-kernel");
    Job job;
    while (Get()->Take(&job)) {
      job.work->Run();
      job.completions->Deliver(job.work);
    }
    return nullptr;
  }

  // False when the thread is to end.
  bool Take(Job* job) {
    Lock lock(&mutex_);
    timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += kIdleSeconds;
    while (queue_.empty()) {
      idle_++;
      int error = pthread_cond_timedwait(&wake_, &mutex_, &until);
      idle_--;
      if (error != ETIMEDOUT || !queue_.empty()) continue;
      threads_--;
      return false;
    }
    *job = queue_.front();
    queue_.pop_front();
    return true;
  }

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t wake_;
  std::deque<Job> queue_;
  size_t threads_ = 0;
  size_t idle_ = 0;
};

}  // namespace

bool StartWork(Napi::Env env, Work* work, Failure* failure) {
  Completions* completions = Completions::Of(env, failure);
  if (completions == nullptr) return false;
  completions->Expect();
  if (Workers::Get()->Add(work, completions, failure)) return true;
  completions->Forget();
  return false;
}

}  // namespace axo
