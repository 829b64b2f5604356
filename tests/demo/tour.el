;;; tour.el --- The demo, to play along  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; A window at the bottom says what to press.  Nothing depends on the
;; order: what was done is seen in the log itself, by comparing its steps
;; with what they were half a second before.

;;; Code:

(require 'org-agenda)
(require 'pulse)
(require 'seq)
(require 'subr-x)

(declare-function explog-demo-capture "init" ())
(declare-function explog-demo-reword "init" ())
(declare-function explog-demo-steps "init" ())
(declare-function explog-demo-train "init" ())
(declare-function explog-mode "explog" (&optional arg))
(declare-function magit-status-setup-buffer "magit-status"
                  (&optional directory))
(defvar explog-demo-log)
(defvar explog-demo-model)

(defconst explog-demo-magit (locate-library "magit")
  "Non-nil if magit is there.")

(defvar explog-demo-done nil
  "What was done: a list of the symbols in `explog-demo-tour'.")

(defvar explog-demo-before nil
  "The steps of the log at the last look.")

(defvar explog-demo-captured nil
  "The id of the experiment that the demo captured.")

(defconst explog-demo-tour
  `((shown
     . "An experiment was captured for you; a shell commits its results: watch")
    (agenda
     . "C-c a c a   the agenda: all experiments (C-c a c i: in progress)   q: back")
    (capture
     . "C-c c e     capture your own: four answers, a first step, then C-c C-c")
    ,@(if explog-demo-magit
          '((commit
             . "C-x g       magit: S  c c  [e201.2] Results- with ABC  C-c C-c     q: back")
            (amend
             . "c w         in magit, reword that, C-c C-c: the hash in the log follows"))
        '((commit
           . "C-c t       a shell commits results for the next open step")
          (amend
           . "C-c w       a shell rewords that commit: the hash in the log follows")))
    (undo
     . "C-x u       in the log: what explog wrote is one step of your undo")
    (search
     . "C-c s       search logs and commits as you type: ABC  RET          q: back"))
  "Alist of (SYMBOL . TEXT) of what there is to do.")

(defconst explog-demo-more
  (if explog-demo-magit
      "C-c t and C-c w: a shell commits, rewords          C-x C-c: the end"
    "with magit installed, C-x g shows the repository   C-x C-c: the end")
  "The last line of the tour.")

;;;; The window

(defun explog-demo-draw ()
  "Write the tour into its buffer."
  (with-current-buffer (get-buffer-create "*explog demo*")
    (let ((inhibit-read-only t))
      (erase-buffer)
      (pcase-dolist (`(,what . ,text) explog-demo-tour)
        (let ((done (memq what explog-demo-done)))
          (insert (if done " [X] " " [ ] ")
                  (propertize text 'face (if done 'shadow 'default))
                  "\n")))
      (insert "     " explog-demo-more)
      (goto-char (point-min)))
    (unless (derived-mode-p 'special-mode)
      (special-mode)
      (setq cursor-type nil
            mode-line-format " explog demo: press these keys, in any order"))
    (current-buffer)))

(defun explog-demo-show ()
  "Show the log, and the tour below it."
  (delete-other-windows)
  (switch-to-buffer (find-file-noselect explog-demo-log))
  (setq buffer-save-without-query t)
  (set-window-parameter
   (display-buffer-in-side-window
    (explog-demo-draw)
    `((side . bottom)
      (window-height . ,(+ 2 (length explog-demo-tour)))))
   'no-delete-other-windows t))

(defun explog-demo-fit ()
  "Give the tour its height again: magit's menus take its window for a while."
  (when-let ((window (get-buffer-window "*explog demo*")))
    (unless (window-minibuffer-p)
      (fit-window-to-buffer window))))

(defun explog-demo-reveal (text)
  "Show where TEXT is in the log, if the log is shown, and make it flash."
  (when-let ((log (find-buffer-visiting explog-demo-log))
             (window (get-buffer-window log)))
    (with-selected-window window
      (goto-char (point-max))
      (search-backward text)
      (beginning-of-line)
      (unless (pos-visible-in-window-p)
        (recenter))
      (pulse-momentary-highlight-one-line (point)))))

;;;; What was done

(defun explog-demo-look ()
  "Tick what was done since the last look."
  (explog-demo-fit)
  (unless (get-buffer "CAPTURE-experiment_log.org")
    (let ((steps (explog-demo-steps)))
      (dolist (step steps)
        (explog-demo-compare
         (seq-find (lambda (old) (equal (seq-take step 2) (seq-take old 2)))
                   explog-demo-before)
         step))
      (setq explog-demo-before steps))))

(defun explog-demo-compare (old new)
  "Tick, and show in the log, what was done if a step that was OLD is NEW."
  (unless (equal old new)
    (when-let ((what (explog-demo-change old new)))
      (explog-demo-note what))
    (when (nth 4 new)
      (explog-demo-reveal (nth 4 new)))))

(defun explog-demo-change (old new)
  "Return what must have been done if a step that was OLD, or nil, is NEW."
  (pcase-let ((`(,id ,_ ,box ,_ ,hash) new)
              (`(,_ ,_ ,old-box ,_ ,old-hash) old))
    (cond ((eq last-command 'undo) 'undo)
          ((not old) 'capture)
          ((or (not hash) (equal hash old-hash)) nil)
          ((equal box old-box) 'amend)
          ((equal id explog-demo-captured) 'shown)
          (t 'commit))))

(defun explog-demo-note (what)
  "Tick WHAT in the tour."
  (unless (memq what explog-demo-done)
    (push what explog-demo-done)
    (explog-demo-draw)))

(add-hook 'org-agenda-finalize-hook (lambda () (explog-demo-note 'agenda)))

;;;; Keys of the demo

(defun explog-demo-status ()
  "Show the model's repository in magit, with new results to commit."
  (interactive)
  (unless explog-demo-magit
    (user-error "Magit is not installed; C-c t commits from a shell"))
  (write-region "accuracy: 73.2 %\n" nil
                (expand-file-name "results.txt" explog-demo-model) t 'silent)
  (magit-status-setup-buffer explog-demo-model)
  (explog-demo-reveal "Test XYZ with ABC"))

(global-set-key (kbd "C-c t") #'explog-demo-train)
(global-set-key (kbd "C-c w") #'explog-demo-reword)
(global-set-key (kbd "C-x g") #'explog-demo-status)
(global-set-key (kbd "C-c s") #'explog-search)
(add-hook 'explog-search-mode-hook (lambda () (explog-demo-note 'search)))

;;;; The beginning

(defun explog-demo-begin ()
  "Show the demo, capture an experiment, and commit results for it."
  (explog-mode 1)
  (explog-demo-show)
  (explog-demo-capture)
  (goto-char (point-max))
  (recenter -1)
  (setq explog-demo-before (explog-demo-steps)
        explog-demo-captured (caar (last explog-demo-before)))
  (run-with-timer 0.3 0.3 #'explog-demo-look)
  (run-with-timer 3 nil #'explog-demo-train))

(add-hook 'window-setup-hook #'explog-demo-begin)
;;; tour.el ends here
