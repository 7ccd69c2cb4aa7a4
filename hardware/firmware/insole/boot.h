// Why the board began to run, and the watchdog that makes it begin again when it hangs.

#ifndef INSOLE_BOOT_H
#define INSOLE_BOOT_H

// What the last reset was, where it was none that a person made; nullptr otherwise.
const char *boot_fault();

void watchdog_begin();
void watchdog_calm();

#endif
