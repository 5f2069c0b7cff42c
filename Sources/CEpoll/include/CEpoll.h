// SPDX-License-Identifier: Apache-2.0

#ifndef CEPOLL_H
#define CEPOLL_H

// Swift's Glibc leaves this header out.
#include <sys/epoll.h>

#endif
