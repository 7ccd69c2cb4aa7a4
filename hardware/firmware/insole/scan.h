// Scans: a timer starts each one, the ADC's interrupt takes one channel after the other, two buffers take turns.

#ifndef INSOLE_SCAN_H
#define INSOLE_SCAN_H

#include <stdint.h>

#include "frame.h"

// 1 from *start* to *stop*. A simulated board watches it by name.
extern volatile uint8_t streaming;

void scan_begin();

// While nothing runs: sets prescaler and period, and where the channels' samples fall.
void scan_set_rate(uint16_t rate_hz);
uint16_t scan_rate();
const uint16_t *scan_offsets();

void scan_start();
void scan_stop();

// The oldest scan that was handed over, or nullptr. It may be overwritten after scan_done().
const Scan *scan_next();
void scan_done();

// After scan_stop(): true once no scan is under way any more. One that never ends is given up after a while.
bool scan_ended();
// Number of scans that were due, modulo 65536, and of failed ones that no scan handed over reported.
uint16_t scan_due();
uint8_t scan_overruns_left();

#endif
