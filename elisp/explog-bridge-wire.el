;;; explog-bridge-wire.el --- EPC's frames and messages  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Lisp objects to bytes and back, as wire.py has it for the server.  A
;; frame is six hexadecimal digits, then that many bytes: a message in
;; UTF-8 and a newline.  Nothing here knows of processes.

;;; Code:

(require 'cl-lib)

(defun explog-bridge--failure (code message)
  "Return the plist of an error with CODE and MESSAGE."
  (list :code code :message message :data nil))

(defconst explog-bridge--garbage 50000000
  "Bytes to allocate for an answer before garbage is collected.
With the usual threshold a long answer makes Emacs collect several
times, and each time it goes through all that it has.")

;;;; Writing

(defun explog-bridge--frame (&rest parts)
  "Return the frame of the message made of PARTS, unibyte strings."
  (let ((body (apply #'concat parts)))
    (format "%06x%s\n" (1+ (length body)) body)))

(defun explog-bridge--print (object)
  "Return OBJECT in the form for the server, a unibyte string.
OBJECT is a string, a number, a symbol, or a list or vector of such."
  (let ((print-length nil) (print-level nil) (print-circle nil)
        (print-gensym nil) (print-quoted nil)
        (print-escape-newlines nil) (print-escape-control-characters nil)
        (print-escape-nonascii nil) (print-escape-multibyte nil)
        (float-output-format nil))
    (encode-coding-string (prin1-to-string (explog-bridge--plain object))
                          'utf-8-unix t)))

(defun explog-bridge--plain (object)
  "Return OBJECT with strings that have no text properties.
Signal an error if it holds what the server cannot read."
  (cond ((stringp object) (substring-no-properties object))
        ((or (symbolp object) (numberp object)) object)
        ((proper-list-p object) (mapcar #'explog-bridge--plain object))
        ((consp object) (cons (explog-bridge--plain (car object))
                              (explog-bridge--plain (cdr object))))
        ((vectorp object) (vconcat (mapcar #'explog-bridge--plain object)))
        (t (signal 'wrong-type-argument (list 'explog-bridge-data object)))))

;;;; Reading

(cl-defstruct (explog-bridge--input
               (:constructor explog-bridge--make-input) (:copier nil))
  "Bytes that came and are not yet a whole message."
  (chunks nil :documentation "Unibyte strings, newest first.")
  (size 0 :documentation "How many bytes these are.")
  (need 6 :documentation "How many bytes make it worth while to look."))

(defun explog-bridge--take (input bytes)
  "Add BYTES to INPUT, and return the messages that are whole now.
However small the pieces are that a message comes in, no byte is copied
more often than twice.  Signal an error if the bytes are no frames."
  (push bytes (explog-bridge--input-chunks input))
  (when (>= (cl-incf (explog-bridge--input-size input) (length bytes))
            (explog-bridge--input-need input))
    (let ((all (apply #'concat (nreverse (explog-bridge--input-chunks input))))
          (start 0) need messages)
      (while (<= (+ start (setq need (explog-bridge--frame-size all start)))
                 (length all))
        (push (substring all (+ start 6) (+ start need)) messages)
        (cl-incf start need))
      (setf (explog-bridge--input-chunks input) (list (substring all start))
            (explog-bridge--input-size input) (- (length all) start)
            (explog-bridge--input-need input) need)
      (nreverse messages))))

(defun explog-bridge--frame-size (bytes start)
  "Return how long the frame is that begins at START in BYTES.
If its head is not there yet, return how long the head is."
  (if (< (length bytes) (+ start 6))
      6
    (let ((head (substring bytes start (+ start 6))))
      (unless (string-match-p "\\`[[:xdigit:]]\\{6\\}\\'" head)
        (error "No head of a message: %S" head))
      (+ 6 (string-to-number head 16)))))

(defun explog-bridge--read (bytes)
  "Return the message in BYTES, a list.
One that cannot be read becomes an error for the call that it answers."
  (condition-case err
      (let ((gc-cons-threshold (max gc-cons-threshold explog-bridge--garbage)))
        (car (read-from-string (decode-coding-string bytes 'utf-8-unix t))))
    (error
     (let ((problem (format "An answer of the server cannot be read: %s"
                            (error-message-string err))))
       (list 'return-error (explog-bridge--recover-id bytes)
             (explog-bridge--failure "bad-message" problem))))))

(defun explog-bridge--recover-id (bytes)
  "Return the id in BYTES, a message that cannot be read, or nil."
  (save-match-data
    (when (string-match "\\`([a-z-]+ \\([0-9]+\\)[ )]" bytes)
      (string-to-number (match-string 1 bytes)))))

(defun explog-bridge--error (value)
  "Return VALUE, the error in an answer, as a plist with a code."
  (if (and (proper-list-p value) (plist-get value :code))
      value
    (explog-bridge--failure "epc-error" (format "%s" value))))

(provide 'explog-bridge-wire)
;;; explog-bridge-wire.el ends here
