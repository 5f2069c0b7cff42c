// SPDX-License-Identifier: Apache-2.0

/// Calls `body` with the bytes in place, or with a copy where they do not lie together.
func withContiguousBytes<R>(
    _ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) -> R
) -> R {
    let inPlace = bytes.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) }
    return inPlace ?? [UInt8](bytes).withUnsafeBytes(body)
}
