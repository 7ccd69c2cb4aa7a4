#include "config.h"

#include <avr/eeprom.h>
#include <string.h>

#include "frame.h"

namespace {

void *at(uint16_t address) { return reinterpret_cast<void *>(address); }

uint16_t crc_of(const ConfigRecord &record) {
  return crc16(reinterpret_cast<const uint8_t *>(&record), sizeof record - sizeof record.crc);
}

// update: cells that hold the value already are not written, which saves time and wear.
void store(ConfigRecord &record) {
  record.crc = crc_of(record);
  eeprom_update_block(&record, at(EEPROM_CONFIG), sizeof record);
}

void set_text(uint8_t &length, char *text, const char *value) {
  length = static_cast<uint8_t>(strlen(value));
  memcpy(text, value, length);
}

void set_defaults(ConfigRecord &record) {
  static_assert(sizeof INSOLE_SERIAL - 1 <= CONFIG_STRING, "INSOLE_SERIAL has more than 32 characters");
  static_assert(sizeof INSOLE_LAYOUT - 1 <= CONFIG_STRING, "INSOLE_LAYOUT has more than 32 characters");
  static_assert(INSOLE_R_M_MILLIOHM > 0, "INSOLE_R_M_MILLIOHM must not be 0");
  static_assert(INSOLE_SIDE == 0 || INSOLE_SIDE == 1 || INSOLE_SIDE == 255, "INSOLE_SIDE is 0, 1 or 255");
  static_assert(INSOLE_CIRCUIT == 0 || INSOLE_CIRCUIT == 1, "INSOLE_CIRCUIT is 0 or 1");
  memset(&record, 0, sizeof record);
  memcpy(record.magic, "INSO", 4);
  record.version = CONFIG_VERSION;
  record.side = INSOLE_SIDE;
  record.circuit = INSOLE_CIRCUIT;
  record.r_m_milliohm = INSOLE_R_M_MILLIOHM;
  set_text(record.serial_length, record.serial, INSOLE_SERIAL);
  set_text(record.layout_length, record.layout, INSOLE_LAYOUT);
}

bool printable(const char *text, uint8_t length) {
  if (length > CONFIG_STRING) return false;
  for (uint8_t i = 0; i < length; ++i)
    if (text[i] < 0x20 || text[i] > 0x7E) return false;
  return true;
}

// A right CRC over values that the protocol gives no meaning would still make every identify record unreadable.
bool sound(const ConfigRecord &record) {
  return record.version == CONFIG_VERSION && record.crc == crc_of(record) && record.r_m_milliohm != 0 &&
         record.circuit <= 1 && (record.side <= 1 || record.side == 255) &&
         printable(record.serial, record.serial_length) && printable(record.layout, record.layout_length);
}

}  // namespace

ConfigOrigin config_load(ConfigRecord &record) {
  eeprom_read_block(&record, at(EEPROM_CONFIG), sizeof record);
  ConfigOrigin origin = CONFIG_READ;
  if (memcmp(record.magic, "INSO", 4) != 0)
    origin = CONFIG_BLANK;
  else if (!sound(record))
    origin = CONFIG_DAMAGED;
  // Written at once (0.3 s), so that a later "set side" changes three bytes only and answers in time.
  if (origin != CONFIG_READ || INSOLE_PROVISION) {
    set_defaults(record);
    store(record);
  }
  return origin;
}

void config_set_side(ConfigRecord &record, uint8_t side) {
  record.side = side;
  store(record);
}

uint32_t config_count_boot() {
  uint32_t *cell = static_cast<uint32_t *>(at(EEPROM_BOOT_ID));
  const uint32_t id = eeprom_read_dword(cell) + 1;
  eeprom_update_dword(cell, id);
  return id;
}
