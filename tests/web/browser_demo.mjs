// What browser.test.mjs checks of the demo page, in a frame.
const wait = async (what, condition) => {
  for (let i = 0; i < 300; i++) {
    const value = condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the demo: ${what}`);
};

const give = (frame, id, file) => {
  const transfer = new frame.DataTransfer();
  transfer.items.add(file);
  const input = frame.document.getElementById(id);
  input.files = transfer.files;
  input.dispatchEvent(new frame.Event('change'));
};

/// Loads a model and a table into the demo, and then the microphone.
export const checkDemo = async () => {
  const element = document.createElement('iframe');
  element.src = '/demo/index.html';
  element.allow = 'microphone';
  document.body.append(element);
  await new Promise((resolve) => { element.onload = resolve; });
  const frame = element.contentWindow;
  const find = (id) => frame.document.getElementById(id);
  const text = (id) => find(id).textContent;
  const steps = () => parseInt(text('steps') || '0');

  give(frame, 'model', new File([await (await fetch('/data/keras_lstm/model.onnx')).arrayBuffer()], 'model.onnx'));
  await wait('shows the inputs', () => find('inputs').rows.length === 1 || find('message').className);
  if (find('message').className) throw new Error(text('message'));
  if (!/^lstm_input.*float32/.test(find('inputs').rows[0].textContent)) throw new Error(text('inputs'));
  if (find('inputs').querySelector('.shape').value !== '1,10,3') throw new Error(find('inputs').querySelector('.shape').value);

  const lines = Array.from({length: 50}, (_, i) => [Math.sin(i), Math.cos(i), i / 50].join());
  give(frame, 'csv', new File([`a,b,c\n${lines.join('\n')}\n`], 'table.csv'));
  await wait('runs five steps', () => steps() === 5 || find('message').className);
  if (find('message').className) throw new Error(text('message'));
  await wait('draws outputs and slots', () =>
    /^dense = /.test(text('plots')) && find('slots').querySelectorAll('canvas').length === 2 && /LSTM/.test(text('plan')));
  const canvas = find('plots').querySelector('canvas');
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  if (!pixels.some((value) => value)) throw new Error('nothing is drawn');

  find('microphone').click();
  await wait('hears the microphone', () => steps() > 5 || find('message').className);
  if (find('message').className) throw new Error(text('message'));
  find('stop').click();
  give(frame, 'model', new File([new Uint8Array(5)], 'broken.onnx'));
  await wait('says what is wrong', () => find('message').className === 'wrong');
  element.remove();
};
