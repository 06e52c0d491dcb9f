// Numbers of a text table.

const toNumber = (cell, isDecimalComma) => cell === '' ? NaN : Number(isDecimalComma ? cell.replace(',', '.') : cell);

/// The numbers of a CSV file, row by row. Cells are separated by tabs, else by semicolons, else by commas. Columns without a number,
/// as labels and dates are, and a first line without one are left out; of all others each cell must be a number.
export const readTable = (text) => {
  const separator = ['\t', ';'].find((character) => text.includes(character)) ?? ',';
  const lines = text.split(/\r?\n/).map((line, index) => ({number: index + 1, cells: line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))}))
    .filter(({cells}) => cells.some((cell) => cell !== ''));
  const values = ({cells}) => cells.map((cell) => toNumber(cell, separator === ';'));
  if (lines.length && !values(lines[0]).some(Number.isFinite)) lines.shift();
  const columns = new Set(lines.flatMap((line) => values(line).flatMap((value, column) => Number.isFinite(value) ? [column] : [])));
  if (!columns.size) {
    const {number = 1, cells = ['']} = lines[0] ?? {};
    throw new Error(`the table has no numbers: line ${number}, column 1 is '${cells[0]}'`);
  }
  return lines.flatMap((line) => {
    const row = values(line);
    return [...columns].sort((a, b) => a - b).map((column) => {
      if (Number.isFinite(row[column])) return row[column];
      throw new Error(`line ${line.number}, column ${column + 1} is '${line.cells[column] ?? ''}', expected a number`);
    });
  });
};
