"""Prints records of an event file, as TensorBoard's own messages and writer make them (made with TensorBoard 2.21), for
tests/train/export/tensorboard/event_file_test.cpp."""

import io

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def record(**fields):
    out = io.BytesIO()
    RecordWriter(out).write(event_pb2.Event(**fields).SerializeToString(deterministic=True))
    return out.getvalue().hex()


Value = summary_pb2.Summary.Value
start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
print(record(wall_time=1.5, file_version="brain.Event:2") + record(wall_time=1.5, session_log=start))

scalars = [Value(tag="loss/train", simple_value=0.75), Value(tag="run/lr", simple_value=1e-3)]
print(record(wall_time=2.5, step=300, summary=summary_pb2.Summary(value=scalars)))

metadata = summary_pb2.SummaryMetadata(plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text"))
tensor = tensor_pb2.TensorProto(dtype="DT_STRING", string_val=[b"    a\n"])
tensor.tensor_shape.SetInParent()
text = Value(tag="sample", metadata=metadata, tensor=tensor)
print(record(wall_time=2.5, step=7, summary=summary_pb2.Summary(value=[text])))
