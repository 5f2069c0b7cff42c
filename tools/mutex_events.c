// SPDX-License-Identifier: Apache-2.0
// Tells the thread sanitizer of the contended half of Synchronization.Mutex, which lies in Swift's
// own library where the sanitizer cannot look: without this it takes what the lock orders for a
// race. Preloaded by tools/sanitize.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Absent in programs that are not under the sanitizer, as the test runner's parents.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void evident_lock(uint32_t thread, SELF void *handle) __asm__(LOCK);
SWIFT void evident_unlock(SELF void *handle) __asm__(UNLOCK);

SWIFT void evident_lock(uint32_t thread, SELF void *handle) {
    SWIFT void (*original)(uint32_t, SELF void *) = dlsym(RTLD_NEXT, LOCK);
    original(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void evident_unlock(SELF void *handle) {
    SWIFT void (*original)(SELF void *) = dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(handle);
    original(handle);
}
