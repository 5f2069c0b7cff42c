// SPDX-License-Identifier: Apache-2.0
#ifndef CEXPLORER_H
#define CEXPLORER_H

#include <stddef.h>

/// One file of the explorer, as it stands in web/.
struct explorer_file {
    const char *name;
    const unsigned char *bytes;
    size_t count;
};

/// The number of files.
size_t explorer_file_count(void);

/// A file by its place, which must be below the count.
struct explorer_file explorer_file_at(size_t place);

#endif
