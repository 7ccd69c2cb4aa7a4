#include "boot.h"

#include <avr/io.h>
#include <avr/wdt.h>
#include <stdint.h>

namespace {

uint8_t reset_cause __attribute__((section(".noinit")));

}  // namespace

// Boot loaders come first. Old ones of the Mega 2560 leave the watchdog running and never come back from its reset:
// such a board needs a newer one.

// Runs before main, in the third section of the start-up code. After a watchdog reset the watchdog still runs, at its
// shortest time, and can't be switched off before WDRF is cleared (ds 2560 section 12.5).
extern "C" void boot_early() __attribute__((naked, used, section(".init3")));
void boot_early() {
  reset_cause = MCUSR;
  MCUSR = 0;
  wdt_disable();
}

// A boot loader may have cleared the register: then nothing is known, and nothing said.
const char *boot_fault() {
  if (reset_cause & _BV(PORF)) return nullptr;  // switching on dips below the brown-out level too
  if (reset_cause & _BV(WDRF)) return "watchdog reset";
  if (reset_cause & _BV(BORF)) return "brown-out reset";
  return nullptr;
}

void watchdog_begin() { wdt_enable(WDTO_250MS); }

void watchdog_calm() { wdt_reset(); }
