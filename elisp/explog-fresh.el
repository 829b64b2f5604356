;;; explog-fresh.el --- Experiments that are not saved yet  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The server reads files.  What has just been captured, or is changed in
;; a log and not saved, is read from the buffer here, so that completion
;; can offer it.  A buffer is searched for an id once for each change of
;; its text.

;;; Code:

(require 'explog-base)
(require 'explog-cache)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-steps)
(require 'seq)

(defvar org-done-keywords)
(defvar org-todo-regexp)

(defvar explog-fresh--kept (make-hash-table :test #'equal)
  "Maps an id to (STAMP . EXPERIMENT), as it was read last.")

(defun explog-fresh-experiment (id)
  "Return experiment ID as a modified log has it in its buffer, or nil.
The value is an `explog-cache-experiment'."
  (when-let ((buffers (explog-log-modified-buffers)))
    (let ((stamp (mapcar (lambda (buffer)
                           (cons buffer (buffer-chars-modified-tick buffer)))
                         buffers))
          (kept (gethash id explog-fresh--kept)))
      (unless (equal stamp (car kept))
        (setq kept (cons stamp (seq-some (lambda (buffer)
                                           (explog-fresh--read buffer id))
                                         buffers)))
        (puthash id kept explog-fresh--kept))
      (cdr kept))))

(defun explog-fresh--read (buffer id)
  "Return experiment ID as it is in BUFFER, or nil."
  (with-current-buffer buffer
    (save-excursion
      (save-restriction
        (widen)
        (when-let ((place (explog-log-find id)))
          (goto-char place)
          (let ((todo (explog-fresh--todo)))
            (make-explog-cache-experiment
             :ident id
             :title (explog-steps-title)
             :todo todo
             :done (and (member todo org-done-keywords) t)
             :file buffer-file-name
             :line (line-number-at-pos)
             :steps (mapcar #'explog-fresh--step (explog-steps)))))))))

(defun explog-fresh--todo ()
  "Return the TODO keyword of the heading at point, or nil."
  (let ((case-fold-search nil))
    (and (looking-at (concat "\\*+ +" org-todo-regexp "\\(?:[ \t]\\|$\\)"))
         (match-string-no-properties 1))))

(defun explog-fresh--step (step)
  "Return STEP, an element of the value of `explog-steps', as the server would."
  (pcase-let ((`(,number ,start ,_ ,box) step))
    (make-explog-cache-step
     :number number
     :box (and box (substring box 1 2))
     :text (substring-no-properties (explog-steps-bare-text start))
     :line (line-number-at-pos start))))

(defun explog-fresh-summary (id)
  "Return experiment ID as in `explog-fresh-experiment', in short, or nil.
The value is an `explog-cache-summary'."
  (when-let ((experiment (explog-fresh-experiment id)))
    (let ((boxes (delq nil (mapcar #'explog-cache-step-box
                                   (explog-cache-experiment-steps experiment)))))
      (make-explog-cache-summary
       :ident id
       :title (explog-cache-experiment-title experiment)
       :todo (explog-cache-experiment-todo experiment)
       :done (explog-cache-experiment-done experiment)
       :file (explog-cache-experiment-file experiment)
       :line (explog-cache-experiment-line experiment)
       :ticked (seq-count (lambda (box) (member box '("X" "x"))) boxes)
       :steps (length boxes)))))

(provide 'explog-fresh)
;;; explog-fresh.el ends here
